/**
 * Who stands behind a token: a person of ours with the memberships that the token reaches. People are remembered for a few
 * seconds, and forgotten at once when their tokens or memberships change, in whichever process that happens.
 */
import { hash } from "node:crypto";
import { KOMBIFY_ISSUER } from "@kombify/agent-contract";
import type { ApiTokenId, Database, UserId } from "@kombify/db";
import type { Logger } from "@kombify/server";
import { z } from "zod";
import type { Changes, Membership, Principals, Session } from "../context.ts";
import type { TokenScope } from "../permissions.ts";
import { type AccessTokens, refusedToken } from "./access-tokens.ts";
import { createMemory } from "./bounded-memory.ts";
import type { Denials } from "./denials.ts";
import { markUsed, PERSONAL_TOKEN_PATTERN, secretHashOf } from "./personal-tokens.ts";

const REMEMBERED_MS = 5_000;

interface Person {
  user: Session["user"];
  memberships: Membership[];
}
interface PersonalToken {
  id: ApiTokenId;
  userId: UserId;
  scopes: TokenScope[];
  expiresAt: Date;
  isToMark: boolean;
}

/** A UUID that is the same for the same thing (RFC 9562, 5.8): what a Stack knows a token by that has no id of ours. */
function publicIdOf(...parts: string[]): string {
  const digits = hash("sha256", JSON.stringify(parts));
  return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-8$3-8$4-$5");
}

export function createPrincipals(options: {
  db: Database;
  changes: Changes;
  denials: Denials;
  accessTokens: AccessTokens;
  log: Logger;
}): Principals {
  const { db, changes, denials, accessTokens, log } = options;
  const people = createMemory<Person>();
  const accounts = createMemory<{ userId: UserId }>();
  const personalTokens = createMemory<PersonalToken>();
  const noting = new Set<ApiTokenId>();
  // Raised with every change: what was read while it rose may be older than the change, and is not remembered.
  let age = 0;
  const forget = (userId?: string) => {
    age++;
    people.forget(({ user }) => userId === undefined || user.id === userId);
    accounts.forget((account) => userId === undefined || account.userId === userId);
    personalTokens.forget((token) => userId === undefined || token.userId === userId);
  };
  changes.on(({ noun, id }) => {
    if (noun === "sessions" || noun === "tokens") forget(id);
  });
  changes.onMissed(() => forget());

  /** What is remembered, or what `read` finds; remembered for a few seconds if nothing changed meanwhile. */
  async function recall<T>(
    memory: ReturnType<typeof createMemory<T>>,
    key: string,
    read: () => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const isTrusted = changes.isListening();
    const known = isTrusted ? memory.get(key) : undefined;
    if (known !== undefined) return known;
    const readAt = age;
    const found = await read();
    if (found !== undefined && isTrusted && readAt === age) memory.set(key, found, Date.now() + REMEMBERED_MS);
    return found;
  }

  const findPerson = (userId: UserId) =>
    recall(people, userId, async () => {
      const [row] = await db.as({ kind: "identity", userId }).read<Session["user"] & { memberships: Membership[] }>(
        (sql) => sql`
          select u.id, u.email, u.name, u.staff_role as "staffRole",
            (select coalesce(json_agg(json_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'role', m.role,
              'plan', t.plan, 'orgId', t.org_id, 'orgIssuer', t.org_issuer) order by m.created_at), '[]')
             from memberships m join tenants t on t.id = m.tenant_id where m.user_id = u.id) as memberships
          from users u where u.id = ${userId}`,
      );
      if (!row) return undefined;
      const { memberships, ...user } = row;
      return { user, memberships };
    });

  const findAccount = (issuer: string, subject: string) =>
    recall(accounts, JSON.stringify([issuer, subject]), async () => {
      // People who signed up with a password are known to others by our own issuer and their id.
      if (issuer === KOMBIFY_ISSUER) return z.uuid().safeParse(subject).success ? { userId: subject } : undefined;
      const [account] = await db
        .as({ kind: "identity" })
        .read<{ userId: UserId }>(
          (sql) =>
            sql`select user_id as "userId" from oidc_identities where issuer = ${issuer} and subject = ${subject}`,
        );
      return account;
    });

  // An unknown token, a wrong one, one that was revoked and one that has expired are all the same: one read that finds nothing.
  const findPersonalToken = (secretHash: string) =>
    recall(personalTokens, secretHash, async () => {
      const [token] = await db.as({ kind: "identity" }).read<PersonalToken>(
        (sql) => sql`
          select id, user_id as "userId", scopes, expires_at as "expiresAt",
            coalesce(last_used_at < date_trunc('minute', now()), true) as "isToMark"
          from api_tokens where secret_hash = ${secretHash} and revoked_at is null and expires_at > now()`,
      );
      if (token?.isToMark) noteUse(token);
      return token;
    });

  /** Beside the request: it is for the person to read later, and nothing waits for it. */
  function noteUse({ id, userId }: PersonalToken): void {
    if (noting.has(id)) return;
    noting.add(id);
    db.as({ kind: "identity", userId })
      .transaction((tx) => markUsed(tx, id))
      .catch((error: unknown) => log.warn({ err: error }, "the use of an access token could not be written down"))
      .finally(() => noting.delete(id));
  }

  async function ofPersonalToken(secret: string): Promise<Session> {
    const secretHash = secretHashOf(secret);
    const token = await findPersonalToken(secretHash);
    const person = token && token.expiresAt.getTime() > Date.now() ? await findPerson(token.userId) : undefined;
    if (!token || !person)
      throw refusedToken("This access token is unknown, has expired or was revoked. Make a new one in the portal.");
    return { ...person, id: secretHash, publicId: token.id, via: "token", scopes: token.scopes, orgId: null };
  }

  async function ofAccount(
    account: { issuer: string; subject: string; orgId: string | null },
    proof: Pick<Session, "id" | "publicId" | "via">,
  ): Promise<Session> {
    const { issuer, subject, orgId } = account;
    const known = await findAccount(issuer, subject);
    const person = known ? await findPerson(known.userId) : undefined;
    if (!person)
      throw refusedToken("Nobody here is known by this account. Sign in to the portal with it once, in a browser.");
    // An id of an organisation means something only together with who gave it.
    const isMeant = (membership: Membership) => membership.orgId === orgId && membership.orgIssuer === issuer;
    const memberships = orgId === null ? person.memberships : person.memberships.filter(isMeant);
    return { user: person.user, memberships, scopes: null, orgId, ...proof };
  }

  return {
    async ofBearer(token) {
      if (PERSONAL_TOKEN_PATTERN.test(token)) return ofPersonalToken(token);
      const verified = await accessTokens.verify(token);
      if (await denials.isDenied(verified))
        throw refusedToken("This access token was revoked. Sign in again to get a new one.");
      const id = hash("sha256", token);
      return ofAccount(verified, { id, publicId: publicIdOf(id), via: "access-token" });
    },
    async ofGateway(said) {
      const { issuer, subject } = said;
      // When its token was issued is not said; so one denial counts for all that the gateway says, until it has ended.
      if (await denials.isSubjectDenied(issuer, subject))
        throw refusedToken("Access tokens of this person were revoked. Send the token itself along.");
      const id = hash("sha256", JSON.stringify([issuer, subject]));
      return ofAccount(said, { id, publicId: publicIdOf(issuer, subject), via: "gateway" });
    },
  };
}
