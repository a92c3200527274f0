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
import type { SessionOrigin, UserContext, VerbContext } from "../context.ts";
import { endStackSessions } from "./end-stack-sessions.ts";
import { hashPassword, verifyPassword } from "./passwords.ts";
import type { loginInput, StaffRole } from "./schemas.ts";

/** A person as the sign-in verbs read one. */
interface Account {
  id: UserId;
  email: string;
  name: string;
  staffRole: StaffRole | null;
  passwordHash: string | null;
}

/** Who an account is, if the password is right; null otherwise, after the same time. */
export async function findAccount(ctx: VerbContext, email: string, password: string): Promise<Account | null> {
  const [account] = await ctx.db.read<Account>(
    (sql) =>
      sql`select id, email, name, staff_role as "staffRole", password_hash as "passwordHash" from users where email = ${email}`,
  );
  return (await verifyPassword(account?.passwordHash ?? null, password)) ? (account ?? null) : null;
}

/**
 * Creates a person inside the caller's transaction.
 * @throws ServiceError CONFLICT when the e-mail address has an account.
 */
export async function createUser(
  tx: Transaction,
  person: { email: string; name: string; passwordHash: string; staffRole?: StaffRole },
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

/**
 * Starts a session. Wrong password and unknown address give the same answer after the same time.
 * @throws ServiceError FORBIDDEN (401), LIMIT_REACHED
 */
export async function login(
  ctx: VerbContext & { responseHeaders: Headers },
  input: z.output<typeof loginInput>,
  staffOnly: boolean,
) {
  const who = { address: ctx.request.clientAddress, account: input.email };
  const account = await ctx.can.throttle.attempt("login", who, async () => {
    const found = await findAccount(ctx, input.email, input.password);
    return staffOnly && !found?.staffRole ? null : found;
  });
  if (!account) throw refusal();
  ctx.responseHeaders.append("Set-Cookie", await ctx.can.sessions.start(account.id, originOf(ctx)));
  await ctx.db.transaction((tx) =>
    recordAudit(
      tx,
      { ...ctx, actor: { kind: staffOnly ? "staff" : "user", id: account.id, name: account.name } },
      {
        action: staffOnly ? "identity.staffLogin" : "identity.login",
        targetKind: "user",
        targetId: account.id,
        summary: `${account.name} signed in`,
      },
    ),
  );
  const { passwordHash: _, ...view } = account;
  return view;
}

/** Where the session of this request begins. */
export const originOf = ({ request }: Pick<VerbContext, "request">): SessionOrigin => ({
  clientAddress: request.clientAddress,
  userAgent: request.userAgent ?? "",
});

/** Ends the caller's session in every process, and what was launched from it on every Stack. */
export async function logout(ctx: UserContext & { responseHeaders: Headers }): Promise<void> {
  const { publicId, user } = ctx.session;
  await ctx.db.transaction((tx) => endStackSessions(tx, { userId: user.id, sessionId: publicId }));
  await logoutStaff(ctx);
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
