/**
 * The registry of Stack hosts. Owns instances, their join tokens and their places. Never moves a tenant, never removes an
 * instance that has one, and never stores a join token in the clear.
 */
import { createHash, randomBytes } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import { enqueueJob, type InstanceId, newId, notifyChange, type Transaction } from "@kombify/db";
import { agentCertificates, healthChecks, instanceReports, instances, joinTokens } from "@kombify/db/schema";
import { and, eq, isNull } from "drizzle-orm";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import type { InstanceDetailView, InstanceView, JoinTokenView, registerInstanceInput } from "./schemas.ts";
import { readInstance, readInstanceHistory } from "./views.ts";

/** Long enough to log in to a host and paste a command; facts of other fleets say 15 minutes at most. */
export const JOIN_TOKEN_TTL_MS = 15 * 60_000;

export const hashJoinSecret = (secret: string): string => createHash("sha256").update(secret).digest("hex");

/** @throws ServiceError NOT_FOUND */
export async function getInstance(ctx: VerbContext, id: InstanceId): Promise<InstanceDetailView> {
  const instance = await readInstance(ctx.db, id);
  if (!instance) throw new ServiceError("NOT_FOUND", "There is no such instance.");
  return { ...instance, ...(await readInstanceHistory(ctx.db, id)) };
}

async function requireInstance(ctx: VerbContext, id: InstanceId): Promise<InstanceView> {
  const instance = await readInstance(ctx.db, id);
  if (!instance) throw new ServiceError("NOT_FOUND", "There is no such instance.");
  return instance;
}

/**
 * Registers a host that is to join. A join token comes with it.
 * @throws ServiceError CONFLICT when the name is taken.
 */
export async function registerInstance(
  ctx: VerbContext,
  input: z.output<typeof registerInstanceInput>,
): Promise<JoinTokenView> {
  const id: InstanceId = newId();
  const { capacity, ...names } = input;
  await ctx.db.transaction(async (tx) => {
    const [created] = await tx
      .insert(instances)
      .values({ id, ...names, capacity: capacity ?? 0, capacityLimit: capacity ?? null })
      .onConflictDoNothing({ target: instances.name })
      .returning({ id: instances.id });
    if (!created)
      throw new ServiceError("CONFLICT", `There is already an instance called ${input.name}. Choose another name.`, {
        fields: [{ path: "name", message: "This name is taken. Choose another one." }],
      });
    await tx.insert(instanceReports).values({ instanceId: id });
    await recordAudit(tx, ctx, {
      action: "instances.register",
      targetKind: "instance",
      targetId: id,
      summary: `Registered instance ${input.name} with ${capacity === undefined ? "as many places as its host has room for" : `${capacity} places`}`,
    });
    await notifyChange(tx, { noun: "instances", id });
  });
  return createJoinToken(ctx, id);
}

/**
 * The command that turns a host into this instance. Where the control plane runs on this very machine, the host does
 * too, and needs ports of its own beside the instances that are there.
 */
async function joinCommandFor(ctx: VerbContext, instance: InstanceView, joinToken: string): Promise<string> {
  const { agentApi } = ctx.can.urls;
  const command = `npm run kombify -- agent join ${joinToken} --control-plane ${agentApi}`;
  if (new URL(agentApi).hostname !== "localhost") return command;
  const [earlier] = await ctx.db.read<{ count: number }>(
    (sql) => sql`select count(*)::int as count from instances where created_at < ${instance.createdAt}`,
  );
  const port = 3100 + 10 * (earlier?.count ?? 1);
  return `${command} --port ${port} --internal-port ${port + 1} --home .kombify/${instance.name}`;
}

/**
 * A new single-use join token; older unused ones of the same instance stop working.
 * @throws ServiceError NOT_FOUND, PRECONDITION while the instance is connected, or when it was decommissioned.
 */
export async function createJoinToken(ctx: VerbContext, id: InstanceId): Promise<JoinTokenView> {
  const instance = await requireInstance(ctx, id);
  if (instance.lifecycle === "decommissioned")
    throw new ServiceError(
      "PRECONDITION",
      `${instance.name} was decommissioned. Register an instance of another name.`,
    );
  if (instance.connection === "connected")
    throw new ServiceError(
      "PRECONDITION",
      `${instance.name} is connected. Revoke its agent before another one joins in its place.`,
    );
  const secret = randomBytes(32).toString("base64url");
  const expiresAt = new Date(Date.now() + JOIN_TOKEN_TTL_MS);
  await ctx.db.transaction(async (tx) => {
    await tx.delete(joinTokens).where(and(eq(joinTokens.instanceId, id), isNull(joinTokens.usedAt)));
    await tx
      .insert(joinTokens)
      .values({ instanceId: id, secretHash: hashJoinSecret(secret), createdBy: ctx.actor.id, expiresAt });
    await recordAudit(tx, ctx, {
      action: "instances.createJoinToken",
      targetKind: "instance",
      targetId: id,
      summary: `Made a join token for ${instance.name}`,
    });
  });
  const joinToken = `kj1.${ctx.can.authority.fingerprint}.${secret}`;
  const joinCommand = await joinCommandFor(ctx, instance, joinToken);
  return { instance, joinToken, joinCommand, expiresAt };
}

async function noteEvent(tx: Transaction, id: InstanceId, kind: string, detail: string): Promise<void> {
  await tx.insert(healthChecks).values({ instanceId: id, kind, detail });
  await notifyChange(tx, { noun: "instances", id });
}

/** Closes or opens an instance for new tenants; those that are there stay. Saying it twice changes nothing. */
export async function setCordon(ctx: VerbContext, id: InstanceId, isCordoned: boolean): Promise<InstanceView> {
  const instance = await requireInstance(ctx, id);
  if ((instance.cordonedAt !== null) !== isCordoned)
    await ctx.db.transaction(async (tx) => {
      await tx
        .update(instances)
        .set({ cordonedAt: isCordoned ? new Date() : null })
        .where(eq(instances.id, id));
      const verb = isCordoned ? "cordon" : "uncordon";
      await noteEvent(tx, id, verb, isCordoned ? "Closed for new tenants" : "Open for new tenants");
      await recordAudit(tx, ctx, {
        action: `instances.${verb}`,
        targetKind: "instance",
        targetId: id,
        summary: `${isCordoned ? "Cordoned" : "Uncordoned"} ${instance.name}`,
      });
      if (!isCordoned) await enqueueJob(tx, "place-waiting-tenants", {}, { key: "place-waiting-tenants" });
    });
  return requireInstance(ctx, id);
}

/**
 * Cuts an agent off: its certificates stop working and its open connections are closed in every process. Its Stack goes
 * on serving what it has. A new join token lets a host take the place again.
 */
export async function revokeInstance(ctx: VerbContext, id: InstanceId): Promise<InstanceView> {
  const instance = await requireInstance(ctx, id);
  await ctx.db.transaction(async (tx) => {
    await tx
      .update(agentCertificates)
      .set({ revokedAt: new Date() })
      .where(and(eq(agentCertificates.instanceId, id), isNull(agentCertificates.revokedAt)));
    await tx
      .update(instanceReports)
      .set({ connection: "revoked", goodBeats: 0 })
      .where(eq(instanceReports.instanceId, id));
    await tx.insert(healthChecks).values({ instanceId: id, kind: "revoked", detail: "The agent was cut off by staff" });
    await recordAudit(tx, ctx, {
      action: "instances.revoke",
      targetKind: "instance",
      targetId: id,
      summary: `Revoked the agent of ${instance.name}`,
    });
    await notifyChange(tx, { noun: "instances", id, revoked: true });
  });
  return requireInstance(ctx, id);
}

/**
 * Takes an empty instance out of the registry.
 * @throws ServiceError PRECONDITION while it has tenants or its agent is connected.
 */
export async function removeInstance(ctx: VerbContext, id: InstanceId): Promise<void> {
  const instance = await requireInstance(ctx, id);
  if (instance.placesUsed > 0)
    throw new ServiceError(
      "PRECONDITION",
      `${instance.name} still has ${instance.placesUsed} tenants. Move them first.`,
    );
  if (instance.connection === "connected")
    throw new ServiceError("PRECONDITION", `${instance.name} is connected. Stop or revoke its agent first.`);
  await ctx.db.transaction(async (tx) => {
    const removed = await tx
      .delete(instances)
      .where(and(eq(instances.id, id), eq(instances.placesUsed, 0)))
      .returning({ id: instances.id });
    if (removed.length === 0) throw new ServiceError("CONFLICT", "A tenant was placed there meanwhile. Look again.");
    await recordAudit(tx, ctx, {
      action: "instances.remove",
      targetKind: "instance",
      targetId: id,
      summary: `Removed instance ${instance.name}`,
    });
    await notifyChange(tx, { noun: "instances", id });
  });
}
