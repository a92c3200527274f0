/** Whom the provider knows: people with their organisation and roles, and the programs that sign them in. */
import { createHash } from "node:crypto";

export interface Organisation {
  /** Any text of 1 to 200 characters, as Zitadel allows. */
  id: string;
  name: string;
  domain: string;
}

export interface ProviderPerson {
  subject: string;
  name: string;
  email: string;
  emailVerified: boolean;
  organisation: Organisation;
  /** Roles in the project, each with the organisations in which it was granted: `{ admin: { "<orgId>": "<domain>" } }`. */
  roles: Record<string, Record<string, string>>;
}

export interface IdentityProviderClient {
  id: string;
  /** Absent for a public client. */
  secret?: string;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  backchannelLogoutUri?: string;
}

export const ROLES = ["owner", "admin", "member", "viewer"] as const;

/** Digits like those of Zitadel's own ids; the same for the same words, so that a restart knows everybody again. */
const idOf = (...words: string[]): string =>
  (createHash("sha256").update(JSON.stringify(words)).digest().readBigUInt64BE() % 10n ** 18n)
    .toString()
    .padStart(18, "3");

const wordOf = (text: string): string =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ".")
    .replace(/^\.+|\.+$/g, "") || "somebody";

/** Somebody who is described by a name, the name of an organisation, and at most one role in it. */
export function describePerson(name: string, organisation: string, role?: (typeof ROLES)[number]): ProviderPerson {
  const domain = `${wordOf(organisation).replaceAll(".", "-")}.example.net`;
  const org = { id: idOf("organisation", organisation), name: organisation, domain };
  return {
    subject: idOf("person", organisation, name),
    name,
    email: `${wordOf(name)}@${domain}`,
    emailVerified: true,
    organisation: org,
    roles: role ? { [role]: { [org.id]: org.domain } } : {},
  };
}

/** Who can be picked on the log-in page of `npm start`. */
export const demoPeople = (): ProviderPerson[] => [
  describePerson("Nora Berg", "Berghaus", "owner"),
  describePerson("Emil Berg", "Berghaus", "member"),
  describePerson("Theo Park", "Parkside", "admin"),
  describePerson("Guest without a role", "Berghaus"),
];
