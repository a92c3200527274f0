/**
 * People and how they prove who they are. Owns users and sessions. Never says whether an e-mail address is known, never
 * returns a password hash, and knows nothing of tenants.
 */
import { ServiceError } from "@kombify/agent-contract";
import { newId, type Transaction, type UserId } from "@kombify/db";
import { users } from "@kombify/db/schema";
import { sql } from "drizzle-orm";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { Audience, SessionOrigin, UserContext, VerbContext } from "../context.ts";
import { beginChallenge } from "./challenges.ts";
import { endStackSessions } from "./end-stack-sessions.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import { findProviderLogOut } from "./provider-log-out.ts";
import type { loginInput, StaffRole } from "./schemas.ts";

/** A person as the sign-in verbs read one. */
interface Account {
  id: UserId;
  email: string;
  name: string;
  staffRole: StaffRole | null;
  passwordHash: string | null;
  hasSecondFactor: boolean;
}

/** Who an account is, if the password is right; null otherwise, after the same time. */
export async function findAccount(ctx: VerbContext, email: string, password: string): Promise<Account | null> {
  const [account] = await ctx.db.read<Account>(
    (sql) =>
      sql`select id, email, name, staff_role as "staffRole", password_hash as "passwordHash", exists(
        select from second_factors f where f.user_id = users.id and f.confirmed_at is not null) as "hasSecondFactor"
        from users where email = ${email}`,
  );
  return (await verifyPassword(account?.passwordHash ?? null, password)) ? (account ?? null) : null;
}

/**
 * Creates a person inside the caller's transaction.
 * @throws ServiceError CONFLICT when the e-mail address has an account.
 */
export async function createUser(
  tx: Transaction,
  person: { email: string; name: string; passwordHash: string | null; staffRole?: StaffRole },
): Promise<{ id: UserId; email: string; name: string }> {
  const [user] = await tx
    .insert(users)
    .values({ id: newId(), ...person })
    .onConflictDoNothing({ target: users.email })
    .returning({ id: users.id, email: users.email, name: users.name });
  if (!user)
    throw new ServiceError("CONFLICT", "There is already an account with this e-mail address. Sign in instead.", {
      fields: [{ path: "email", message: "This address has an account. Sign in instead." }],
    });
  return user;
}

const refusal = () =>
  new ServiceError("FORBIDDEN", "E-mail address or password is wrong.", {
    status: 401,
    fields: [{ path: "password", message: "E-mail address or password is wrong." }],
  });

/** Somebody who is signed in, or who has a second factor to show until then. */
type LoginResult = { user: Omit<Account, "passwordHash" | "hasSecondFactor"> } | { secondFactor: { expiresAt: Date } };

/**
 * Takes the first step of signing in, which is the only one for people without a second factor. Wrong password and
 * unknown address give the same answer after the same time; that an account has a second factor is said after the right
 * password and not before.
 * @throws ServiceError FORBIDDEN (401), LIMIT_REACHED
 */
export async function login(
  ctx: VerbContext & { responseHeaders: Headers; audience: Audience },
  input: z.output<typeof loginInput>,
): Promise<LoginResult> {
  const who = { address: ctx.request.clientAddress, account: input.email };
  const account = await ctx.can.throttle.attempt("login", who, async () => {
    const found = await findAccount(ctx, input.email, input.password);
    return ctx.audience === "admin" && !found?.staffRole ? null : found;
  });
  if (!account) throw refusal();
  const { passwordHash, hasSecondFactor, ...user } = account;
  if (hasSecondFactor) {
    const secondFactor = await ctx.db.transaction(async (tx) => {
      const challenge = await beginChallenge(tx, ctx, user.id);
      await requireUnchanged(tx, account);
      return challenge;
    });
    return { secondFactor };
  }
  const cookie = await ctx.db.transaction(async (tx) => {
    const started = await startSession(tx, ctx, user);
    await requireUnchanged(tx, account);
    return started;
  });
  ctx.responseHeaders.append("Set-Cookie", cookie);
  return { user };
}

/**
 * What began references its person, and so has waited for a change of the password that was on its way; by now that
 * change can be seen. Without this a password that was changed a moment ago would leave a session behind.
 */
async function requireUnchanged(tx: Transaction, { id, passwordHash, hasSecondFactor }: Account): Promise<void> {
  const [same] = await tx.execute(sql`
    select from users u where u.id = ${id} and u.password_hash = ${passwordHash} and ${hasSecondFactor} = exists(
      select from second_factors f where f.user_id = u.id and f.confirmed_at is not null)`);
  if (!same) throw refusal();
}

/** Starts a session of somebody who has proved who they are; returns the Set-Cookie value. */
export async function startSession(
  tx: Transaction,
  ctx: VerbContext & { audience: Audience },
  user: { id: UserId; name: string },
): Promise<string> {
  const isStaff = ctx.audience === "admin";
  await recordAudit(
    tx,
    { ...ctx, actor: { kind: isStaff ? "staff" : "user", id: user.id, name: user.name } },
    {
      action: isStaff ? "identity.staffLogin" : "identity.login",
      targetKind: "user",
      targetId: user.id,
      summary: `${user.name} signed in`,
    },
  );
  return ctx.can.sessions.start(user.id, originOf(ctx), tx);
}

/** Where the session of this request begins. */
export const originOf = ({ request }: Pick<VerbContext, "request">): SessionOrigin => ({
  clientAddress: request.clientAddress,
  userAgent: request.userAgent ?? "",
});

/**
 * Ends the caller's session in every process, and what was launched from it on every Stack.
 * @returns where to go to sign out at the provider too, for somebody who came from one.
 */
export async function logout(ctx: UserContext & { responseHeaders: Headers }): Promise<string | null> {
  const { publicId, user } = ctx.session;
  const continueAt = await findProviderLogOut(ctx);
  await ctx.db.transaction((tx) => endStackSessions(tx, { userId: user.id, sessionId: publicId }));
  await logoutStaff(ctx);
  return continueAt;
}

/** Ends a session that nothing was launched from. */
export async function logoutStaff(ctx: UserContext & { responseHeaders: Headers }): Promise<void> {
  ctx.responseHeaders.append("Set-Cookie", await ctx.can.sessions.end(ctx.session));
}

/**
 * Makes the first staff account, unless there is one. For the set-up of an installation.
 * @returns whether it was made.
 */
export async function seedStaff(
  ctx: VerbContext,
  staff: { email: string; password: string; name: string },
): Promise<boolean> {
  const passwordHash = await hashPassword(staff.password);
  return ctx.db.transaction(async (tx) => {
    const existing = await tx.$count(users, sql`${users.staffRole} is not null`);
    if (existing > 0) return false;
    const user = await createUser(tx, { email: staff.email, name: staff.name, passwordHash, staffRole: "owner" });
    await recordAudit(tx, ctx, {
      action: "identity.seedStaff",
      targetKind: "user",
      targetId: user.id,
      summary: "The first staff account was made",
    });
    return true;
  });
}
