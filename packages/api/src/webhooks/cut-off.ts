/** What it means here that an account at an identity provider may no longer sign in. */
import { notifyChange, type Transaction, type UserId } from "@kombify/db";
import { sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { denyTokens, MAX_TOKEN_LIFETIME_MS } from "../identity/denials.ts";
import { endStackSessions } from "../identity/end-stack-sessions.ts";

export interface CutOff {
  issuer: string;
  subject: string;
  /** The event's own word for why: "user.deactivated". */
  reason: string;
  /** What began up to this moment is meant; null for everything until now. */
  until: Date | null;
  /** Whether the account is gone for good or closed by somebody, and not only locked for a while. */
  isClosed: boolean;
}

/** Ends every session of a person that began until then, on both portals and on every Stack. */
async function endSessions(tx: Transaction, userId: UserId, until: Date | null): Promise<void> {
  const ended = await tx.execute<{ publicId: string }>(sql`
    delete from sessions where user_id = ${userId} and created_at <= coalesce(${until?.toISOString() ?? null}::timestamptz, clock_timestamp())
    returning public_id as "publicId"`);
  // What was launched since the account was opened again stays.
  if (until) for (const { publicId } of ended) await endStackSessions(tx, { userId, sessionId: publicId });
  else await endStackSessions(tx, { userId });
  await notifyChange(tx, { noun: "sessions", id: userId });
}

/**
 * Signs an account out of everything that it reached: tokens, sessions, Stacks; and, when it is closed for good, the
 * personal access tokens of its person. Its homelabs are left as they are.
 */
export async function cutOff(tx: Transaction, ctx: VerbContext, account: CutOff): Promise<void> {
  const { issuer, subject } = account;
  const before = account.until ?? new Date();
  const expiresAt = new Date(Date.now() + MAX_TOKEN_LIFETIME_MS);
  await denyTokens(tx, { issuer, kind: "sub", value: subject, before, expiresAt });
  const [person] = await tx.execute<{ userId: UserId; name: string }>(sql`
    select u.id as "userId", u.name from oidc_identities o join users u on u.id = o.user_id
    where o.issuer = ${account.issuer} and o.subject = ${account.subject}`);
  if (!person) return;
  await endSessions(tx, person.userId, account.until);
  if (account.isClosed) {
    await tx.execute(sql`update api_tokens set revoked_at = clock_timestamp()
      where user_id = ${person.userId} and revoked_at is null
        and created_at <= coalesce(${account.until?.toISOString() ?? null}::timestamptz, clock_timestamp())`);
    await notifyChange(tx, { noun: "tokens", id: person.userId });
  }
  await recordAudit(tx, ctx, {
    action: "webhooks.cutOff",
    targetKind: "user",
    targetId: person.userId,
    summary: `${person.name} was signed out everywhere: the identity provider says ${account.reason}`,
  });
}
