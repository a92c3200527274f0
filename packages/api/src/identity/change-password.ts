import { ServiceError } from "@kombify/agent-contract";
import type { Transaction, UserId } from "@kombify/db";
import { passwordResets, signInChallenges, users } from "@kombify/db/schema";
import { eq, sql } from "drizzle-orm";
import type { z } from "zod";
import type { AccountContext } from "../context.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { endSessions } from "./end-sessions.ts";
import { passwordChangedMail } from "./mails.ts";
import { auditOwn } from "./own-account.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import type { changePasswordInput } from "./schemas.ts";

/** How long ago somebody without a password may have signed in to give themselves one. */
const RECENT = "15 minutes";

/**
 * The lock that orders everything that depends on a password: sessions and challenges reference their person, so one
 * that begins at the same time waits for this transaction and then sees the new password.
 */
export const lockAccount = (tx: Transaction, userId: UserId) =>
  tx.execute<{ passwordHash: string | null }>(
    sql`select password_hash as "passwordHash" from users where id = ${userId} for update`,
  );

/** Writes the password and ends what the one before had opened half: sign-ins that wait for a code, links in mails. */
export async function storePassword(tx: Transaction, userId: UserId, passwordHash: string): Promise<void> {
  await tx.update(users).set({ passwordHash }).where(eq(users.id, userId));
  await tx.delete(signInChallenges).where(eq(signInChallenges.userId, userId));
  await tx.delete(passwordResets).where(eq(passwordResets.userId, userId));
}

async function currentHash(ctx: AccountContext, current: string | undefined): Promise<string | null> {
  const { id, user } = ctx.session;
  const [account] = await ctx.db.read<{ passwordHash: string | null; isRecent: boolean }>(
    (sql) => sql`
      select u.password_hash as "passwordHash", s.created_at > now() - ${RECENT}::interval as "isRecent"
      from users u join sessions s on s.user_id = u.id where u.id = ${user.id} and s.id = ${id}`,
  );
  const passwordHash = account?.passwordHash ?? null;
  if (passwordHash === null) {
    if (account?.isRecent) return null;
    throw new ServiceError("PRECONDITION", "Sign out and in again, and set your password within 15 minutes of that.");
  }
  if (await verifyPassword(passwordHash, current ?? "")) return passwordHash;
  const message = current ? "This is not your password now." : "Enter the password that you have now.";
  throw new ServiceError("FORBIDDEN", message, { fields: [{ path: "current", message }] });
}

/**
 * Changes the caller's password, or gives one to somebody who came from a provider. Whoever else is signed in is signed
 * out, here and on Stacks, and this session gets another token. Personal access tokens stay: they never knew the password.
 * @throws ServiceError FORBIDDEN for a wrong current password, PRECONDITION, CONFLICT, LIMIT_REACHED
 */
export async function changePassword(
  ctx: AccountContext,
  { current, next }: z.output<typeof changePasswordInput>,
): Promise<void> {
  const { user, publicId } = ctx.session;
  const throttleKey = `password of ${user.id}`;
  await ctx.can.throttle.consume("login", throttleKey);
  const before = await currentHash(ctx, current);
  await ctx.can.throttle.reset("login", throttleKey);
  const passwordHash = await hashPassword(next);
  const cookie = await ctx.db.transaction(async (tx) => {
    const [account] = await lockAccount(tx, user.id);
    if (account?.passwordHash !== before)
      throw new ServiceError("CONFLICT", "Your password was changed a moment ago, somewhere else. Sign in again.");
    await storePassword(tx, user.id, passwordHash);
    await endSessions(tx, { userId: user.id, except: publicId });
    await queueMail(tx, ctx.can, passwordChangedMail(user, ctx.can.urls.cloud));
    await auditOwn(tx, ctx, "identity.changePassword", before === null ? "set a password" : "changed the password");
    return ctx.can.sessions.rotate(tx, ctx.session);
  });
  ctx.can.sessions.forget(user.id);
  ctx.responseHeaders.append("Set-Cookie", cookie);
}
