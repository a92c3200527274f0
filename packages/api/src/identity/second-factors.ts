/**
 * A person's second factor: turned on with a first code, off with another one. The secret is sealed and is shown only
 * until that first code; recovery codes are stored hashed and shown once.
 */
import { ServiceError } from "@kombify/agent-contract";
import type { Transaction } from "@kombify/db";
import { recoveryCodes, secondFactors } from "@kombify/db/schema";
import { and, eq, isNull, sql } from "drizzle-orm";
import type { z } from "zod";
import type { AccountContext, UserContext } from "../context.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { acceptCode, SECOND_FACTOR_PURPOSE, wrongCode } from "./accept-code.ts";
import { secondFactorOffMail, secondFactorOnMail } from "./mails.ts";
import {
  acceptedStep,
  asSixDigits,
  enrolmentOf,
  hashRecoveryCode,
  newRecoveryCodes,
  newSecret,
} from "./one-time-codes.ts";
import { auditOwn } from "./own-account.ts";
import { verifyPassword } from "./passwords.ts";
import type { beginSecondFactorInput, codeInput, EnrolmentView, SecondFactorView } from "./schemas.ts";

type Code = z.output<typeof codeInput>;

/** For how long a secret waits for its first code. */
const PENDING = "30 minutes";

const isOnAlready = () =>
  new ServiceError("CONFLICT", "Two-step sign-in is on. Turn it off first to use another authenticator app.");

/** Whether the caller has a second factor. */
export async function readSecondFactor(ctx: UserContext): Promise<SecondFactorView> {
  const [row] = await ctx.db.read<Omit<SecondFactorView, "isOn">>(
    (sql) => sql`
      select f.confirmed_at as since, u.password_hash is not null as "hasPassword",
        (select count(*)::int from recovery_codes r where r.user_id = u.id and r.used_at is null) as "recoveryCodesLeft"
      from users u left join second_factors f on f.user_id = u.id where u.id = ${ctx.session.user.id}`,
  );
  const { since = null, hasPassword = false, recoveryCodesLeft = 0 } = row ?? {};
  return { isOn: since !== null, since, hasPassword, recoveryCodesLeft };
}

/**
 * Makes a secret that waits for its first code; one that waited before is replaced. The password is asked for again, so
 * that a browser left open cannot be used to lock its person out.
 * @throws ServiceError FORBIDDEN for a wrong password, PRECONDITION without one, CONFLICT when it is on, LIMIT_REACHED
 */
export async function beginSecondFactor(
  ctx: AccountContext,
  { password }: z.output<typeof beginSecondFactorInput>,
): Promise<void> {
  const { id } = ctx.session.user;
  const throttleKey = `password of ${id}`;
  await ctx.can.throttle.consume("login", throttleKey);
  const [account] = await ctx.db.read<{ passwordHash: string | null }>(
    (sql) => sql`select password_hash as "passwordHash" from users where id = ${id}`,
  );
  if (!account?.passwordHash)
    throw new ServiceError(
      "PRECONDITION",
      "You sign in through your provider, whose second factor counts. It is set up there.",
    );
  if (!(await verifyPassword(account.passwordHash, password))) {
    const message = "This is not your password.";
    throw new ServiceError("FORBIDDEN", message, { fields: [{ path: "password", message }] });
  }
  await ctx.can.throttle.reset("login", throttleKey);
  const sealedSecret = await ctx.can.sealer.seal(SECOND_FACTOR_PURPOSE, newSecret());
  await ctx.db.transaction(async (tx) => {
    const fresh = { sealedSecret, createdAt: new Date(), lastStep: 0 };
    const written = await tx
      .insert(secondFactors)
      .values({ userId: id, ...fresh })
      .onConflictDoUpdate({ target: secondFactors.userId, set: fresh, setWhere: isNull(secondFactors.confirmedAt) })
      .returning({ userId: secondFactors.userId });
    if (written.length === 0) throw isOnAlready();
    await auditOwn(tx, ctx, "identity.beginSecondFactor", "began to set up two-step sign-in");
  });
}

/** The secret that waits for its first code, for the authenticator app; null when none does. */
export async function readEnrolment(ctx: UserContext): Promise<EnrolmentView | null> {
  const { id, email } = ctx.session.user;
  const [pending] = await ctx.db.read<{ sealedSecret: string }>(
    (sql) => sql`select sealed_secret as "sealedSecret" from second_factors
      where user_id = ${id} and confirmed_at is null and created_at > now() - ${PENDING}::interval`,
  );
  return pending ? enrolmentOf(await ctx.can.sealer.open(SECOND_FACTOR_PURPOSE, pending.sealedSecret), email) : null;
}

/**
 * Turns the second factor on with the first code of the app, and gives this session another token.
 * @returns the recovery codes, which are shown this once.
 * @throws ServiceError FORBIDDEN for a wrong code, PRECONDITION when no secret waits, CONFLICT when it is on, LIMIT_REACHED
 */
export async function enableSecondFactor(ctx: AccountContext, { code }: Code): Promise<string[]> {
  const { user } = ctx.session;
  await ctx.can.throttle.consume("second-factor", user.id);
  const { codes, cookie } = await ctx.db.transaction(async (tx) => {
    const [factor] = await tx
      .select()
      .from(secondFactors)
      .where(and(eq(secondFactors.userId, user.id), sql`${secondFactors.createdAt} > now() - ${PENDING}::interval`))
      .for("update");
    if (factor?.confirmedAt) throw isOnAlready();
    if (!factor) throw new ServiceError("PRECONDITION", "This took too long. Begin setting up two-step sign-in again.");
    const secret = await ctx.can.sealer.open(SECOND_FACTOR_PURPOSE, factor.sealedSecret);
    const lastStep = acceptedStep(secret, asSixDigits(code) ?? "", factor.lastStep);
    if (lastStep === null) throw wrongCode(403);
    await tx.update(secondFactors).set({ confirmedAt: new Date(), lastStep }).where(eq(secondFactors.userId, user.id));
    await queueMail(tx, ctx.can, secondFactorOnMail(user, ctx.can.urls.cloud));
    await auditOwn(tx, ctx, "identity.enableSecondFactor", "turned two-step sign-in on");
    return { codes: await replaceRecoveryCodes(tx, ctx), cookie: await ctx.can.sessions.rotate(tx, ctx.session) };
  });
  await ctx.can.throttle.reset("second-factor", user.id);
  ctx.can.sessions.forget(user.id);
  ctx.responseHeaders.append("Set-Cookie", cookie);
  return codes;
}

/** Turns the second factor off. @throws ServiceError FORBIDDEN for a wrong code, LIMIT_REACHED */
export async function disableSecondFactor(ctx: AccountContext, input: Code): Promise<void> {
  const { user } = ctx.session;
  const cookie = await withCode(ctx, input, async (tx) => {
    await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, user.id));
    await tx.delete(secondFactors).where(eq(secondFactors.userId, user.id));
    await queueMail(tx, ctx.can, secondFactorOffMail(user, ctx.can.urls.cloud));
    await auditOwn(tx, ctx, "identity.disableSecondFactor", "turned two-step sign-in off");
    return ctx.can.sessions.rotate(tx, ctx.session);
  });
  ctx.can.sessions.forget(user.id);
  ctx.responseHeaders.append("Set-Cookie", cookie);
}

/** Makes new recovery codes; those before are worth nothing then. @throws ServiceError FORBIDDEN, LIMIT_REACHED */
export const renewRecoveryCodes = (ctx: AccountContext, input: Code): Promise<string[]> =>
  withCode(ctx, input, async (tx) => {
    await auditOwn(tx, ctx, "identity.renewRecoveryCodes", "made new recovery codes");
    return replaceRecoveryCodes(tx, ctx);
  });

async function withCode<T>(ctx: AccountContext, { code }: Code, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const { id } = ctx.session.user;
  await ctx.can.throttle.consume("second-factor", id);
  const result = await ctx.db.transaction(async (tx) => {
    if ((await acceptCode(tx, ctx.can, id, code)) === null) throw wrongCode(403);
    return work(tx);
  });
  await ctx.can.throttle.reset("second-factor", id);
  return result;
}

async function replaceRecoveryCodes(tx: Transaction, ctx: UserContext): Promise<string[]> {
  const userId = ctx.session.user.id;
  const codes = newRecoveryCodes();
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
  await tx.insert(recoveryCodes).values(codes.map((code) => ({ userId, codeHash: hashRecoveryCode(code) })));
  return codes;
}
