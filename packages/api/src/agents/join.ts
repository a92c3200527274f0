import { type CertificateGrant, type joinRequestSchema, parseJoinToken, ServiceError } from "@kombify/agent-contract";
import { notifyChange } from "@kombify/db";
import { agentCertificates, healthChecks, instanceReports, instances, joinTokens } from "@kombify/db/schema";
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { AgentContext, VerbContext } from "../context.ts";
import { hashJoinSecret } from "../instances/service.ts";

/** Why a token that matches nothing usable is refused; each answer says what to do. */
async function refusalOf(ctx: VerbContext, secretHash: string): Promise<ServiceError> {
  const [token] = await ctx.db.read<{ isUsed: boolean }>(
    (sql) => sql`select used_at is not null as "isUsed" from join_tokens where secret_hash = ${secretHash}`,
  );
  const what = !token
    ? "This join token is not known here. Copy the whole command from the Admin center of this control plane."
    : token.isUsed
      ? "This join token was used already. Make a new one in the Admin center."
      : "This join token has expired. Make a new one in the Admin center.";
  return new ServiceError("FORBIDDEN", what, { fields: [{ path: "token", message: what }] });
}

/**
 * Makes a host an instance: the token is spent, the addresses are stored and a certificate is issued, in one transaction.
 * @throws ServiceError FORBIDDEN for a foreign, unknown, used or expired token; INVALID for a bad CSR.
 */
export async function joinInstance(
  ctx: VerbContext,
  input: z.output<typeof joinRequestSchema>,
): Promise<CertificateGrant> {
  await ctx.can.throttle.consume("join", ctx.request.clientAddress);
  const token = parseJoinToken(input.token);
  if (!token || !(await ctx.can.authority.trusts(token.caFingerprint)))
    throw new ServiceError(
      "FORBIDDEN",
      "This join token belongs to another control plane. Check the address after --control-plane.",
    );
  const secretHash = hashJoinSecret(token.secret);
  const grant = await ctx.db.transaction(async (tx) => {
    const [spent] = await tx
      .update(joinTokens)
      .set({ usedAt: sql`now()` })
      .where(
        and(eq(joinTokens.secretHash, secretHash), isNull(joinTokens.usedAt), gt(joinTokens.expiresAt, sql`now()`)),
      )
      .returning({ instanceId: joinTokens.instanceId });
    if (!spent) return null;
    const { instanceId } = spent;
    const granted = await ctx.can.authority.grantInstance(input.csr, instanceId, tx);
    const [instance] = await tx
      .update(instances)
      .set({
        lifecycle: "active",
        publicUrl: input.publicUrl,
        internalUrl: input.internalUrl,
        engine: input.engine,
        // The host knows best what it can carry; staff may have meant to use less of it. least() passes over a null.
        capacity: sql`greatest(${instances.placesUsed}, least(${instances.capacityLimit}, ${input.capacity}::int))`,
      })
      .where(eq(instances.id, instanceId))
      .returning({ name: instances.name });
    await tx
      .update(agentCertificates)
      .set({ revokedAt: sql`now()` })
      .where(and(eq(agentCertificates.instanceId, instanceId), isNull(agentCertificates.revokedAt)));
    const { serial, notAfter } = granted;
    await tx.insert(agentCertificates).values({ serial, instanceId, issuedAt: sql`clock_timestamp()`, notAfter });
    await tx
      .update(instanceReports)
      .set({ connection: "pending", bootEpoch: 0, seq: 0, goodBeats: 0 })
      .where(eq(instanceReports.instanceId, instanceId));
    await tx.insert(healthChecks).values({ instanceId, kind: "joined", detail: `From ${ctx.request.clientAddress}` });
    await recordAudit(tx, ctx, {
      action: "agents.join",
      targetKind: "instance",
      targetId: instanceId,
      summary: `${instance?.name ?? instanceId} joined`,
    });
    await notifyChange(tx, { noun: "instances", id: instanceId });
    return { instanceId, ...granted };
  });
  if (!grant) throw await refusalOf(ctx, secretHash);
  const { instanceId, certificate, caBundle, notAfter } = grant;
  return { instanceId, certificate, caBundle, notAfter: notAfter.toISOString() };
}

/** A fresh certificate for an agent whose present one is good. The old one stays good until it ends. */
export async function renewCertificate(ctx: AgentContext, csr: string): Promise<CertificateGrant> {
  const { instanceId } = ctx;
  const { certificate, caBundle, notAfter } = await ctx.db.transaction(async (tx) => {
    const granted = await ctx.can.authority.grantInstance(csr, instanceId, tx);
    const { serial, notAfter } = granted;
    await tx.insert(agentCertificates).values({ serial, instanceId, issuedAt: sql`clock_timestamp()`, notAfter });
    await recordAudit(tx, ctx, {
      action: "agents.renew",
      targetKind: "instance",
      targetId: instanceId,
      summary: `${ctx.actor.name} renewed its certificate`,
    });
    return granted;
  });
  return { instanceId, certificate, caBundle, notAfter: notAfter.toISOString() };
}
