import { STACK_SESSION_SECONDS } from "@kombify/agent-contract";
import { sql } from "drizzle-orm";
import type { VerbContext } from "../context.ts";

/**
 * Job `prune-identity`: deletes what can no longer be used or told: endings that no session of a Stack is as old as,
 * links of mails, challenges, and sessions that nobody came back to.
 */
export const pruneIdentity = (ctx: VerbContext): Promise<void> =>
  ctx.db.transaction(async (tx) => {
    await tx.execute(sql`delete from session_endings
      where ended_at < now() - 2 * ${STACK_SESSION_SECONDS} * interval '1 second'`);
    await tx.execute(sql`delete from password_resets where expires_at < now() - interval '1 day'`);
    await tx.execute(sql`delete from sign_in_challenges where expires_at < now() - interval '1 day'`);
    await tx.execute(sql`delete from sessions where expires_at < now() - interval '1 day'`);
  });
