/**
 * Choosing a new password by a link in a mail. Nothing that is said here tells whether an address has an account; the
 * link proves the mailbox and nothing more, so it signs nobody in and leaves a second factor as it is.
 */
import { hash, randomBytes } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import type { Transaction, UserId } from "@kombify/db";
import { passwordResets } from "@kombify/db/schema";
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { lockAccount, storePassword } from "./change-password.ts";
import { endSessions } from "./end-sessions.ts";
import { noPasswordMail, passwordChangedMail, resetMail } from "./mails.ts";
import { hashPassword } from "./passwords.ts";
import type { requestResetInput, resetPasswordInput } from "./schemas.ts";

const LIFETIME_MS = 60 * 60 * 1000;
const hashOf = (token: string) => hash("sha256", token);

interface Addressee extends Record<string, unknown> {
  id: UserId;
  email: string;
  name: string;
  hasPassword: boolean;
}

/** Stands in for an account that there is not, so that the same work is done. */
const NOBODY = { email: "nobody@example.com", name: "Nobody", hasPassword: true };

class Undone extends Error {}

/** Does everything that a known address takes, and undoes it. */
async function doInVain(tx: Transaction, work: (tx: Transaction) => Promise<void>): Promise<void> {
  await tx
    .transaction(async (inner) => {
      await work(inner);
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
}

/**
 * Mails a link to an address that has an account. The answer and the time that it takes are the same when it has none.
 * @throws ServiceError LIMIT_REACHED
 */
export async function requestReset(ctx: VerbContext, { email }: z.output<typeof requestResetInput>): Promise<void> {
  await ctx.can.throttle.consume("reset", ctx.request.clientAddress);
  await ctx.can.throttle.consume("reset", email);
  const token = randomBytes(32).toString("base64url");
  await ctx.db.transaction(async (tx) => {
    // The lock lets one of two requests at a time through, so that the later link is the one that lives.
    const [account] = await tx.execute<Addressee>(
      sql`select id, email, name, password_hash is not null as "hasPassword" from users where email = ${email} for update`,
    );
    const { cloud } = ctx.can.urls;
    const to = account ?? NOBODY;
    const work = async (inner: Transaction) => {
      await inner.execute(sql`delete from password_resets where user_id = ${account?.id ?? null}`);
      await inner.execute(sql`insert into password_resets (token_hash, user_id, expires_at)
        select ${hashOf(token)}, id, ${new Date(Date.now() + LIFETIME_MS).toISOString()}::timestamptz from users
        where id = ${account?.id ?? null} and password_hash is not null`);
      await queueMail(inner, ctx.can, to.hasPassword ? resetMail(to, cloud, token) : noPasswordMail(to, cloud));
    };
    await (account ? tx.transaction(work) : doInVain(tx, work));
    await recordAudit(tx, ctx, {
      action: "identity.requestReset",
      targetKind: "user",
      targetId: account?.id ?? "unknown",
      summary: account
        ? `A new password was asked for ${account.name}`
        : "A new password was asked for an address that has no account",
    });
  });
}

const deadLink = () =>
  new ServiceError(
    "PRECONDITION",
    "This link was used, is older than an hour, or a newer one was sent. Ask for another.",
  );

/**
 * Sets the password of the account whose link this is. Every session of both portals ends, with what is open on Stacks
 * and every sign-in that waits for its code. Of many at the same time with one link, one succeeds.
 * @throws ServiceError PRECONDITION for a link that is worth nothing, LIMIT_REACHED
 */
export async function resetPassword(
  ctx: VerbContext,
  { token, password }: z.output<typeof resetPasswordInput>,
): Promise<void> {
  const tokenHash = hashOf(token);
  const [link] = await ctx.db.read<{ userId: UserId; email: string; name: string }>(
    (sql) => sql`select r.user_id as "userId", u.email, u.name from password_resets r join users u on u.id = r.user_id
      where r.token_hash = ${tokenHash} and r.used_at is null and r.expires_at > now()`,
  );
  // Before the password is hashed: a made-up link must not cost us the work.
  if (!link) {
    await ctx.can.throttle.consume("reset", `links from ${ctx.request.clientAddress}`);
    throw deadLink();
  }
  const { userId, name } = link;
  const passwordHash = await hashPassword(password);
  await ctx.db.transaction(async (tx) => {
    await lockAccount(tx, userId);
    const used = await tx
      .update(passwordResets)
      .set({ usedAt: new Date() })
      .where(
        and(
          eq(passwordResets.tokenHash, tokenHash),
          isNull(passwordResets.usedAt),
          gt(passwordResets.expiresAt, new Date()),
        ),
      )
      .returning({ userId: passwordResets.userId });
    if (used.length === 0) throw deadLink();
    await storePassword(tx, userId, passwordHash);
    await endSessions(tx, { userId });
    await queueMail(tx, ctx.can, passwordChangedMail(link, ctx.can.urls.cloud));
    await recordAudit(
      tx,
      { ...ctx, actor: { kind: "user", id: userId, name } },
      {
        action: "identity.resetPassword",
        targetKind: "user",
        targetId: userId,
        summary: `${name} chose a new password by a link in a mail`,
      },
    );
  });
  ctx.can.sessions.forget(userId);
}
