/** Zitadel's scopes and claims (its documentation, "Scopes" and "Claims"), with the trap that one of them holds. */
import type { Organisation, ProviderPerson } from "./people.ts";

const IAM = "urn:zitadel:iam";
export const ORG_ECHO_PREFIX = `${IAM}:org:id:`;
const OWNER_SCOPE = `${IAM}:user:resourceowner`;
const OWNER_CLAIMS = ["id", "name", "primary_domain"].map((part) => `${OWNER_SCOPE}:${part}`);
const ECHO_CLAIMS = [`${IAM}:org:id`, `${IAM}:org:domain:primary`];

const audienceScope = (projectId: string) => `${IAM}:org:project:id:${projectId}:aud`;
const ROLES_SCOPE = `${IAM}:org:projects:roles`;
const roleClaims = (projectId: string) => [`${IAM}:org:project:${projectId}:roles`, `${IAM}:org:project:roles`];

/** Which claims come with which scope. */
export const claimsByScope = (projectId: string, organisations: Organisation[]): Record<string, string[]> => ({
  openid: ["sub"],
  profile: ["name", "preferred_username"],
  email: ["email", "email_verified"],
  [OWNER_SCOPE]: OWNER_CLAIMS,
  [audienceScope(projectId)]: roleClaims(projectId),
  [ROLES_SCOPE]: roleClaims(projectId),
  ...Object.fromEntries(organisations.map(({ id }) => [`${ORG_ECHO_PREFIX}${id}`, ECHO_CLAIMS])),
});

/**
 * Everything that can be said of a person under these scopes. Roles come with **every** organisation in which they were
 * granted, not with the person's own alone.
 *
 * `urn:zitadel:iam:org:id` is an echo of the scope that was asked for: it names an organisation that the person chose to
 * name, and proves nothing. Zitadel does the same (`AppendClaims(domain.OrgIDClaim, ...)` in its userinfo.go).
 */
export function claimsOf(
  person: ProviderPerson,
  scope: string,
  projectId: string,
  organisations: Organisation[],
): Record<string, unknown> {
  const echoed = scope
    .split(" ")
    .find((each) => each.startsWith(ORG_ECHO_PREFIX))
    ?.slice(ORG_ECHO_PREFIX.length);
  const echoedDomain = organisations.find(({ id }) => id === echoed)?.domain;
  const { organisation } = person;
  const owner = [organisation.id, organisation.name, organisation.domain];
  return {
    sub: person.subject,
    name: person.name,
    preferred_username: person.email,
    email: person.email,
    email_verified: person.emailVerified,
    ...Object.fromEntries(OWNER_CLAIMS.map((claim, index) => [claim, owner[index]])),
    ...(Object.keys(person.roles).length > 0
      ? Object.fromEntries(roleClaims(projectId).map((claim) => [claim, person.roles]))
      : {}),
    ...(echoed ? { [ECHO_CLAIMS[0] as string]: echoed, [ECHO_CLAIMS[1] as string]: echoedDomain } : {}),
  };
}

/** The claims of an access token: never an address, a name or the like. */
export function accessTokenClaims(
  person: ProviderPerson,
  scope: string,
  projectId: string,
  organisations: Organisation[],
): Record<string, unknown> {
  const scopes = scope.split(" ");
  const allowed = new Set(
    Object.entries(claimsByScope(projectId, organisations))
      .filter(([name]) => name.startsWith(IAM) && scopes.includes(name))
      .flatMap(([, claims]) => claims),
  );
  const all = Object.entries(claimsOf(person, scope, projectId, organisations));
  return Object.fromEntries(all.filter(([claim]) => allowed.has(claim)));
}
