/**
 * The second step of signing in. Between the steps there is a challenge and no session: it belongs to one browser, one
 * account and one portal, lasts five minutes, dies of five wrong codes, and starts one session, however often the right
 * code is sent.
 */
import { hash, randomBytes } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import type { Transaction, UserId } from "@kombify/db";
import { signInChallenges } from "@kombify/db/schema";
import { eq, sql } from "drizzle-orm";
import type { Audience, VerbContext } from "../context.ts";

const LIFETIME_MS = 5 * 60 * 1000;
const MOST_FAILURES = 5;
/** Expired challenges that one sign-in clears away at most. */
const SWEEP = 100;

const hashOf = (token: string) => hash("sha256", token);

/** Makes a challenge and gives it to the browser. Sweeps away those that have expired. */
export async function beginChallenge(
  tx: Transaction,
  ctx: VerbContext & { responseHeaders: Headers; audience: Audience },
  userId: UserId,
): Promise<{ expiresAt: Date }> {
  const token = randomBytes(32).toString("base64url");
  const expiresAt = new Date(Date.now() + LIFETIME_MS);
  await tx.insert(signInChallenges).values({ tokenHash: hashOf(token), userId, audience: ctx.audience, expiresAt });
  // Last, and past whatever somebody holds: sweeping must never wait while the person's row is locked by the insert.
  await tx.execute(sql`delete from sign_in_challenges where token_hash in (
    select token_hash from sign_in_challenges where expires_at <= now() limit ${SWEEP} for update skip locked)`);
  ctx.responseHeaders.append("Set-Cookie", ctx.can.challengeCookie.create(token, expiresAt));
  return { expiresAt };
}

/** @throws ServiceError by everything that may be done about a challenge that is no more. */
export const challengeEnded = () =>
  new ServiceError("PRECONDITION", "This sign-in took too long, or had too many wrong codes. Sign in again.");

interface Challenged extends Record<string, unknown> {
  id: UserId;
  email: string;
  name: string;
}

/** Who has to show a second factor with this token; null when there is no such challenge, or none any more. */
export async function findChallenged(
  ctx: VerbContext & { audience: Audience },
  token: string | null,
): Promise<Challenged | null> {
  if (token === null) return null;
  const [person] = await ctx.db.read<Challenged>(
    (sql) => sql`
      select u.id, u.email, u.name from sign_in_challenges c join users u on u.id = c.user_id
      where c.token_hash = ${hashOf(token)} and c.audience = ${ctx.audience} and not c.is_used
        and c.failures < ${MOST_FAILURES} and c.expires_at > now() and (c.audience = 'cloud' or u.staff_role is not null)`,
  );
  return person ?? null;
}

/** Whether the challenge is alive; it waits for its end until the transaction ends. Takes the person's lock first. */
export async function lockChallenge(tx: Transaction, userId: UserId, token: string): Promise<boolean> {
  await tx.execute(sql`select from users where id = ${userId} for key share`);
  const alive = await tx.execute(sql`
    select from sign_in_challenges where token_hash = ${hashOf(token)} and not is_used
      and failures < ${MOST_FAILURES} and expires_at > now() for update`);
  return alive.length > 0;
}

export const useChallenge = (tx: Transaction, token: string) =>
  tx
    .update(signInChallenges)
    .set({ isUsed: true })
    .where(eq(signInChallenges.tokenHash, hashOf(token)));

/** Counts a wrong code. @returns whether it was the last that the challenge could bear. */
export async function countFailure(tx: Transaction, token: string): Promise<boolean> {
  const [counted] = await tx
    .update(signInChallenges)
    .set({ failures: sql`${signInChallenges.failures} + 1` })
    .where(eq(signInChallenges.tokenHash, hashOf(token)))
    .returning({ failures: signInChallenges.failures });
  return (counted?.failures ?? MOST_FAILURES) >= MOST_FAILURES;
}
