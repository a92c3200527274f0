/** Where a person is signed in, for that person to see and to end. A session is named by its public id, which opens nothing. */
import { ServiceError } from "@kombify/agent-contract";
import type { z } from "zod";
import type { AccountContext } from "../context.ts";
import { deviceName } from "./device-name.ts";
import { endSessions } from "./end-sessions.ts";
import { auditOwn } from "./own-account.ts";
import type { SessionView, sessionInput } from "./schemas.ts";
import { sessionLifetimeMs } from "./sessions.ts";

/** The caller's sessions of this portal: the one that asks first, then the newest. */
export async function listSessions(ctx: AccountContext): Promise<SessionView[]> {
  const rows = await ctx.db.read<{
    id: string;
    userAgent: string;
    clientAddress: string;
    createdAt: Date;
    expiresAt: Date;
    isThisOne: boolean;
  }>(
    (sql) => sql`
      select public_id as id, user_agent as "userAgent", client_address as "clientAddress", created_at as "createdAt",
        expires_at as "expiresAt", id = ${ctx.session.id} as "isThisOne"
      from sessions
      where user_id = ${ctx.session.user.id} and audience = ${ctx.audience} and expires_at > now()
      order by id = ${ctx.session.id} desc, created_at desc, public_id`,
  );
  return rows.map(({ userAgent, ...row }) => ({
    ...row,
    device: deviceName(userAgent),
    extendedAt: new Date(row.expiresAt.getTime() - sessionLifetimeMs(ctx.audience)),
  }));
}

/**
 * Signs one browser out.
 * @throws ServiceError NOT_FOUND for a session that ended, or that is somebody else's or the other portal's.
 */
export async function endSession(ctx: AccountContext, { id }: z.output<typeof sessionInput>): Promise<void> {
  const userId = ctx.session.user.id;
  await ctx.db.transaction(async (tx) => {
    const ended = await endSessions(tx, { userId, audience: ctx.audience, publicId: id });
    if (ended === 0) throw new ServiceError("NOT_FOUND", "There is no such session. It may have ended by itself.");
    await auditOwn(tx, ctx, "identity.endSession", "signed out one browser");
  });
  ctx.can.sessions.forget(userId);
}

/** Signs every browser out but the one that asks. */
export async function endOtherSessions(ctx: AccountContext): Promise<{ ended: number }> {
  const { publicId, user } = ctx.session;
  const ended = await ctx.db.transaction(async (tx) => {
    const count = await endSessions(tx, { userId: user.id, audience: ctx.audience, except: publicId });
    await auditOwn(tx, ctx, "identity.endOtherSessions", "signed out every other browser");
    return count;
  });
  ctx.can.sessions.forget(user.id);
  return { ended };
}
