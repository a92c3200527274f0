/** From what a provider says of somebody to what we believe of it. */
import { type MemberRole, memberRoleSchema } from "@kombify/agent-contract";
import { z } from "zod";
import type { OidcProvider } from "./oidc-providers.ts";
import { emailSchema } from "./schemas.ts";
import { SignInRefusal } from "./sign-in-refusal.ts";

/** Somebody whom a provider has vouched for. People are known by issuer and subject, and by nothing else of this. */
export interface ProviderIdentity {
  provider: OidcProvider;
  subject: string;
  /** Lower case; null unless the provider says that it is verified. */
  email: string | null;
  name: string;
  /** The organisation that owns the account; null at providers without any. */
  organisation: { id: string; name: string } | null;
  /** The highest role in that organisation; null when the provider says none. */
  role: MemberRole | null;
  /** The provider's session, which its log-out will name. */
  sid: string | null;
  idToken: string;
}

/** Where the account lives. `urn:zitadel:iam:org:id` is not looked at: it repeats what the browser asked for. */
const RESOURCE_OWNER = "urn:zitadel:iam:user:resourceowner";
const ownerSchema = z.object({
  [`${RESOURCE_OWNER}:id`]: z.string().min(1).max(200),
  [`${RESOURCE_OWNER}:name`]: z.string().max(200).optional().catch(undefined),
});
const rolesSchema = z.record(z.string(), z.record(z.string(), z.unknown()));

/** Highest first. */
const ROLES: readonly MemberRole[] = ["owner", "admin", "member", "viewer"];

/** Scopes to ask for; those of Zitadel only where a project says that it is one, for others refuse what they do not know. */
export const scopesOf = ({ projectId }: OidcProvider): string =>
  [
    "openid profile email",
    ...(projectId
      ? [RESOURCE_OWNER, "urn:zitadel:iam:org:projects:roles", `urn:zitadel:iam:org:project:id:${projectId}:aud`]
      : []),
  ].join(" ");

/** The highest role that was granted in this organisation. What was granted in another one counts for nothing. */
export function roleIn(claim: unknown, organisationId: string): MemberRole | null {
  const roles = rolesSchema.safeParse(claim);
  if (!roles.success) return null;
  const isGranted = (role: MemberRole) => {
    const grants = Object.hasOwn(roles.data, role) ? roles.data[role] : undefined;
    return grants !== undefined && Object.hasOwn(grants, organisationId);
  };
  return ROLES.filter((role) => memberRoleSchema.safeParse(role).success).find(isGranted) ?? null;
}

const textClaim = (claim: unknown): string | null =>
  typeof claim === "string" && claim.trim() !== "" ? claim.trim() : null;

/**
 * @param claims of the ID token, and of userinfo where the token says nothing.
 * @throws SignInRefusal when a provider with organisations does not say to which one the account belongs.
 */
export function identityFrom(
  provider: OidcProvider,
  claims: Record<string, unknown>,
  proof: { subject: string; sid: unknown; idToken: string },
): ProviderIdentity {
  const email = claims.email_verified === true ? emailSchema.safeParse(claims.email) : null;
  const name = textClaim(claims.name) ?? textClaim(claims.preferred_username) ?? email?.data ?? "Friend";
  const identity = {
    provider,
    subject: proof.subject,
    email: email?.data ?? null,
    name: name.slice(0, 100),
    sid: textClaim(proof.sid),
    idToken: proof.idToken,
  };
  if (!provider.projectId) return { ...identity, organisation: null, role: null };
  const owner = ownerSchema.safeParse(claims);
  if (!owner.success)
    throw new SignInRefusal(
      "not-trusted",
      "UPSTREAM",
      `${provider.name} does not say to which organisation you belong.`,
    );
  const id = owner.data[`${RESOURCE_OWNER}:id`] as string;
  const organisation = { id, name: owner.data[`${RESOURCE_OWNER}:name`] ?? "" };
  const role = roleIn(claims[`urn:zitadel:iam:org:project:${provider.projectId}:roles`], id);
  return { ...identity, organisation, role };
}
