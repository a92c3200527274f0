/**
 * One CA takes over from another: made, trusted by everybody, issuing, alone. Each verb may be said again. Nothing that was
 * good is refused in between; who still needs the old one is named by {@link whoLacks} and {@link whoNeeds}.
 */
import { ServiceError } from "@kombify/agent-contract";
import { type InstanceId, notifyChange, type Transaction } from "@kombify/db";
import { certificateAuthorities } from "@kombify/db/schema";
import { and, eq, isNotNull, isNull, lt, ne, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { raiseRevisions } from "../instances/raise-revisions.ts";
import { insertAuthority, lockAuthorities } from "./authority.ts";

const AUDIT = { targetKind: "authority" };
const short = (fingerprint: string) => fingerprint.slice(0, 12);

async function announce(tx: Transaction, fingerprint: string): Promise<void> {
  await raiseRevisions(tx);
  await notifyChange(tx, { noun: "authorities", id: fingerprint });
}

/** The CA that is trusted and does not issue yet; null when there is none. */
async function findNext(tx: Transaction): Promise<string | null> {
  const { activatedAt, retiredAt, fingerprint } = certificateAuthorities;
  const [next] = await tx
    .select({ fingerprint })
    .from(certificateAuthorities)
    .where(and(isNull(activatedAt), isNull(retiredAt)));
  return next?.fingerprint ?? null;
}

/**
 * Makes the next CA, unless one was made since `since`. Everybody is told to trust it.
 * @throws ServiceError PRECONDITION while the change before has not come to its end.
 */
export async function makeAuthority(ctx: VerbContext, since: Date): Promise<string> {
  return ctx.db.transaction(async (tx) => {
    await lockAuthorities(tx);
    const known = await tx
      .select()
      .from(certificateAuthorities)
      .where(isNull(certificateAuthorities.retiredAt))
      .orderBy(sql`created_at desc`);
    const [newest] = known;
    if (newest && (newest.activatedAt === null || newest.createdAt >= since)) return newest.fingerprint;
    if (known.length > 1)
      throw new ServiceError("PRECONDITION", "The change of CA before this one has not come to its end.");
    const fingerprint = await insertAuthority(tx, ctx.can.sealer, false);
    const summary = `Made the certificate authority ${short(fingerprint)}`;
    await recordAudit(tx, ctx, { ...AUDIT, action: "agents.makeAuthority", targetId: fingerprint, summary });
    await announce(tx, fingerprint);
    return fingerprint;
  });
}

/** Lets the next CA issue; agents are told to renew now. Does nothing when it issues already. */
export async function activateAuthority(ctx: VerbContext): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockAuthorities(tx);
    const fingerprint = await findNext(tx);
    if (!fingerprint) return;
    // To the millisecond, as the agents read it.
    const [now] = await tx.execute<{ at: string }>(sql`select clock_timestamp()::text as at`);
    await tx
      .update(certificateAuthorities)
      .set({ activatedAt: sql`${now?.at}::timestamptz` })
      .where(eq(certificateAuthorities.fingerprint, fingerprint));
    await tx.execute(sql`update instances set renew_certificates_before = ${now?.at}::timestamptz`);
    const summary = `Certificates are issued by ${short(fingerprint)} from now on`;
    await recordAudit(tx, ctx, { ...AUDIT, action: "agents.activateAuthority", targetId: fingerprint, summary });
    await announce(tx, fingerprint);
  });
}

/** Takes the next CA back. @throws ServiceError PRECONDITION when it issues already: then there is only forward. */
export async function withdrawAuthority(ctx: VerbContext, since: Date): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockAuthorities(tx);
    const [newest] = await tx
      .select()
      .from(certificateAuthorities)
      .where(isNull(certificateAuthorities.retiredAt))
      .orderBy(sql`created_at desc`)
      .limit(1);
    if (!newest || newest.createdAt < since) return;
    if (newest.activatedAt !== null)
      throw new ServiceError("PRECONDITION", "The new CA issues already: this change can only go on to its end.");
    const { fingerprint } = newest;
    await tx.delete(certificateAuthorities).where(eq(certificateAuthorities.fingerprint, fingerprint));
    const summary = `Took the certificate authority ${short(fingerprint)} back before it issued`;
    await recordAudit(tx, ctx, { ...AUDIT, action: "agents.withdrawAuthority", targetId: fingerprint, summary });
    await announce(tx, fingerprint);
  });
}

/** Nobody trusts what came before the CA that issues, and its key is gone. */
export async function retireAuthorities(ctx: VerbContext): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockAuthorities(tx);
    const { activatedAt, retiredAt, fingerprint } = certificateAuthorities;
    const [active] = await tx
      .select()
      .from(certificateAuthorities)
      .where(and(isNotNull(activatedAt), isNull(retiredAt)))
      .orderBy(sql`activated_at desc`)
      .limit(1);
    if (!active?.activatedAt) return;
    const older = and(isNull(retiredAt), lt(activatedAt, active.activatedAt), ne(fingerprint, active.fingerprint));
    const retired = await tx
      .update(certificateAuthorities)
      .set({ retiredAt: sql`clock_timestamp()`, sealedPrivateKey: "" })
      .where(older)
      .returning({ fingerprint });
    for (const { fingerprint: targetId } of retired) {
      const summary = `Nobody trusts the certificate authority ${short(targetId)} any more`;
      await recordAudit(tx, ctx, { ...AUDIT, action: "agents.retireAuthority", targetId, summary });
      await announce(tx, targetId);
    }
  });
}

/** Asks agents to renew their certificates now: all, or one instance's. @returns the time before which theirs count as old. */
export async function renewCertificates(ctx: VerbContext, instanceId?: InstanceId): Promise<Date> {
  return ctx.db.transaction(async (tx) => {
    const [now] = await tx.execute<{ at: string }>(sql`select clock_timestamp()::text as at`);
    await tx.execute(sql`update instances set renew_certificates_before = ${now?.at}::timestamptz
      where id = coalesce(${instanceId ?? null}::uuid, id)`);
    await recordAudit(tx, ctx, {
      action: "agents.renewCertificates",
      targetKind: instanceId ? "instance" : "fleet",
      targetId: instanceId ?? "all",
      summary: instanceId ? "Asked the agent for a new certificate" : "Asked every agent for a new certificate",
    });
    await raiseRevisions(tx, instanceId);
    return new Date(now?.at ?? Date.now());
  });
}
