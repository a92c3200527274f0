import { createHash } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import { newId, notifyChange, type TenantId, type Transaction, type UserId } from "@kombify/db";
import { memberships, tenants } from "@kombify/db/schema";
import { and, eq, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { UserContext, VerbContext } from "../context.ts";
import { takePlace } from "../instances/places.ts";
import type { TenantView } from "./schemas.ts";
import { slugFromName } from "./slug.ts";
import { variantOf } from "./slug-variant.ts";

export const tenantColumns = {
  id: tenants.id,
  slug: tenants.slug,
  name: tenants.name,
  plan: tenants.plan,
  status: tenants.status,
  createdAt: tenants.createdAt,
};

export interface NewTenant {
  name: string;
  /** Chosen by the person: refused when taken. Without it one is made from the name. */
  slug?: string | undefined;
  ownerId: UserId;
  /** A provider's organisation that it is for; one of our own otherwise. */
  organisation?: { issuer: string; id: string };
  /** `Idempotency-Key` of the request. */
  requestKey?: string | null;
}

const digestOf = (input: NewTenant) =>
  createHash("sha256")
    .update(JSON.stringify([input.name, input.slug ?? null]))
    .digest("hex");

/**
 * The tenant that an earlier request with the same key made.
 * @throws ServiceError CONFLICT when that request asked for something else.
 */
async function findEarlier(tx: Transaction, input: NewTenant): Promise<TenantView | null> {
  if (!input.requestKey) return null;
  const [earlier] = await tx
    .select({ ...tenantColumns, requestDigest: tenants.requestDigest })
    .from(tenants)
    .where(and(eq(tenants.createdBy, input.ownerId), eq(tenants.requestKey, input.requestKey)));
  if (!earlier) return null;
  const { requestDigest, ...tenant } = earlier;
  if (requestDigest !== digestOf(input))
    throw new ServiceError(
      "CONFLICT",
      "This Idempotency-Key was used for another request. Use a new key for a new homelab.",
    );
  return tenant;
}

async function insertTenant(tx: Transaction, input: NewTenant, slug: string): Promise<{ id: TenantId } | null> {
  const id: TenantId = newId();
  const [row] = await tx
    .insert(tenants)
    .values({
      id,
      slug,
      orgId: input.organisation?.id ?? id,
      orgIssuer: input.organisation?.issuer ?? null,
      name: input.name,
      status: "waiting_for_capacity",
      createdBy: input.ownerId,
      requestKey: input.requestKey ?? null,
      requestDigest: input.requestKey ? digestOf(input) : null,
    })
    .onConflictDoNothing({ target: tenants.slug })
    .returning({ id: tenants.id });
  return row ?? null;
}

/** Gives a waiting tenant a place if there is one. */
export async function placeTenant(tx: Transaction, tenantId: TenantId): Promise<TenantView> {
  const place = await takePlace(tx);
  const [tenant] = place
    ? await tx
        .update(tenants)
        .set({ status: "provisioning", instanceId: place.instanceId, placedAt: sql`clock_timestamp()` })
        .where(eq(tenants.id, tenantId))
        .returning(tenantColumns)
    : await tx.select(tenantColumns).from(tenants).where(eq(tenants.id, tenantId));
  if (!tenant) throw new ServiceError("NOT_FOUND", "There is no such homelab.");
  if (place) await notifyChange(tx, { noun: "tenants", id: tenantId });
  return tenant;
}

/**
 * Makes a tenant with its owner and places it, inside the caller's transaction.
 * @throws ServiceError CONFLICT when the chosen slug is taken or the request key was used for something else.
 */
export async function createTenantIn(
  tx: Transaction,
  ctx: Pick<VerbContext, "actor" | "request">,
  input: NewTenant,
): Promise<TenantView> {
  if (input.requestKey)
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`${input.ownerId} ${input.requestKey}`}, 0))`);
  const earlier = await findEarlier(tx, input);
  if (earlier) return earlier;
  let slug = input.slug ?? slugFromName(input.name);
  let created = await insertTenant(tx, input, slug);
  while (!created) {
    if (input.slug) {
      const message = `The address ${slug} is taken. ${variantOf(slug)} is free.`;
      throw new ServiceError("CONFLICT", message, { fields: [{ path: "slug", message }] });
    }
    slug = variantOf(slug);
    created = await insertTenant(tx, input, slug);
  }
  await tx.insert(memberships).values({ tenantId: created.id, userId: input.ownerId, role: "owner" });
  await recordAudit(tx, ctx, {
    action: "tenants.create",
    targetKind: "tenant",
    targetId: created.id,
    tenantId: created.id,
    summary: `Created homelab ${input.name}`,
  });
  await notifyChange(tx, { noun: "sessions", id: input.ownerId });
  await notifyChange(tx, { noun: "tenants", id: created.id });
  // Placing comes last: from here to the commit an instance's row is locked.
  return placeTenant(tx, created.id);
}

/** `POST /api/tenant`: a further homelab for a person who has an account. */
export async function createTenant(
  ctx: UserContext,
  input: { name: string; slug?: string | undefined },
  requestKey: string | null,
): Promise<TenantView> {
  const { id } = ctx.session.user;
  const tenant = await ctx.db.transaction((tx) => createTenantIn(tx, ctx, { ...input, ownerId: id, requestKey }));
  ctx.can.sessions.forget(id);
  return tenant;
}

/** Job `place-waiting-tenants`: places those who wait, the longest waiting first, until there is no room. */
export async function placeWaitingTenants(ctx: VerbContext): Promise<number> {
  for (let placed = 0; ; placed++) {
    const again = await ctx.db.transaction(async (tx) => {
      const [waiting] = await tx
        .select({ id: tenants.id })
        .from(tenants)
        .where(eq(tenants.status, "waiting_for_capacity"))
        .orderBy(tenants.createdAt, tenants.id)
        .limit(1)
        .for("update", { skipLocked: true });
      if (!waiting) return false;
      const { status } = await placeTenant(tx, waiting.id);
      if (status !== "provisioning") return false;
      await recordAudit(tx, ctx, {
        action: "tenants.place",
        targetKind: "tenant",
        targetId: waiting.id,
        tenantId: waiting.id,
        summary: "Room appeared; the homelab has a place",
      });
      return true;
    });
    if (!again) return placed;
  }
}
