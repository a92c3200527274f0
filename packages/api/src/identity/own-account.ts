/** What verbs on one's own account have in common. */
import type { Transaction } from "@kombify/db";
import { recordAudit } from "../audit/record.ts";
import type { AccountContext } from "../context.ts";

/** Writes what a person did to their own account; in the Admin center it was a member of staff. */
export const auditOwn = (tx: Transaction, ctx: AccountContext, action: string, deed: string): Promise<void> =>
  recordAudit(
    tx,
    { ...ctx, actor: { ...ctx.actor, kind: ctx.audience === "admin" ? "staff" : "user" } },
    { action, targetKind: "user", targetId: ctx.session.user.id, summary: `${ctx.session.user.name} ${deed}` },
  );
