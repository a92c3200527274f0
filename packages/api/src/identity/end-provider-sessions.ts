/** Back-channel log-out: a provider says that somebody is signed out there, and so they are here and on every Stack. */
import { ServiceError } from "@kombify/agent-contract";
import { notifyChange, type Transaction, type UserId } from "@kombify/db";
import { tokenDenials } from "@kombify/db/schema";
import { sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { denyTokens, MAX_TOKEN_LIFETIME_MS } from "./denials.ts";
import { endStackSessions } from "./end-stack-sessions.ts";
import type { LogoutToken } from "./logout-token.ts";

/** Beside the ids of access tokens, which are refused by the same table, and never one of them. */
const replayKeyOf = ({ tokenId }: LogoutToken): string => `logout ${tokenId}`;

/** @throws ServiceError INVALID for a logout token that came before. */
async function useOnce(tx: Transaction, token: LogoutToken): Promise<void> {
  const [used] = await tx
    .insert(tokenDenials)
    .values({
      issuer: token.issuer,
      kind: "jti",
      value: replayKeyOf(token),
      before: sql`now()`,
      expiresAt: sql`${token.expiresAt.toISOString()}::timestamptz + interval '1 hour'`,
    })
    .onConflictDoNothing()
    .returning({ value: tokenDenials.value });
  if (!used) throw new ServiceError("INVALID", "This logout token is not taken: it came before.");
}

/**
 * Ends what a logout token names: the sessions of one session there, or all of the person's that came from that provider.
 * Access tokens of before are refused from now on, by session and by person: not every provider names the session in
 * them. Who is still signed in elsewhere gets a new one from the provider.
 * @returns how many sessions ended; none is no error, they may have ended before.
 * @throws ServiceError INVALID, UPSTREAM
 */
export async function endProviderSessions(ctx: VerbContext, logoutToken: string): Promise<number> {
  const token = await ctx.can.oidc.verifyLogoutToken(logoutToken);
  const { issuer, sid, subject } = token;
  return ctx.db.transaction(async (tx) => {
    await useOnce(tx, token);
    const before = new Date();
    const denied = { issuer, before, expiresAt: new Date(before.getTime() + MAX_TOKEN_LIFETIME_MS) };
    if (sid) await denyTokens(tx, { ...denied, kind: "sid", value: sid });
    if (subject) await denyTokens(tx, { ...denied, kind: "sub", value: subject });
    const ended = await tx.execute<{ userId: UserId; publicId: string; name: string }>(sql`
      delete from sessions s using users u where u.id = s.user_id and s.idp_issuer = ${issuer}
        and (${sid}::text is null or s.idp_sid = ${sid})
        and (${subject}::text is null or s.user_id in
          (select user_id from oidc_identities where issuer = ${issuer} and subject = ${subject}))
      returning s.user_id as "userId", s.public_id as "publicId", u.name`);
    for (const { userId, publicId, name } of ended) {
      await endStackSessions(tx, { userId, sessionId: publicId });
      await notifyChange(tx, { noun: "sessions", id: userId });
      const summary = `${name} was signed out by ${new URL(issuer).host}`;
      await recordAudit(tx, ctx, { action: "identity.logout", targetKind: "user", targetId: userId, summary });
    }
    return ended.length;
  });
}
