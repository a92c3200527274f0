/** What one tenant gets, whatever the rules say. The table's trigger raises the revision of that tenant alone. */
import { invalidInput, ServiceError } from "@kombify/agent-contract";
import type { Transaction } from "@kombify/db";
import { flagOverrides, flags, tenants } from "@kombify/db/schema";
import { and, eq, inArray } from "drizzle-orm";
import { z } from "zod";
import type { VerbContext } from "../context.ts";
import type { FlagRow, FlagState } from "./flag-state.ts";

/** The proposal of an `override`. */
const overrideProposal = z.object({
  tenantId: z.uuid(),
  /** Null: the rules decide again. */
  variant: z.string().nullable(),
  reason: z.string().default(""),
});

/** What the history keeps of it. */
export interface OverrideNote {
  tenantId: string;
  tenant: string;
  before: string | null;
  after: string | null;
  reason: string;
}

/**
 * @returns null when it is so already.
 * @throws ServiceError NOT_FOUND, INVALID for a variant that the flag does not have.
 */
export async function writeOverride(
  tx: Transaction,
  ctx: VerbContext,
  row: FlagRow,
  proposal: Record<string, unknown>,
): Promise<OverrideNote | null> {
  const parsed = overrideProposal.safeParse(proposal);
  if (!parsed.success) throw invalidInput(parsed.error);
  const { variant, reason } = parsed.data;
  const tenantId = parsed.data.tenantId as (typeof tenants.$inferSelect)["id"];
  const [tenant] = await tx.select({ slug: tenants.slug }).from(tenants).where(eq(tenants.id, tenantId));
  if (!tenant) throw new ServiceError("NOT_FOUND", "There is no such homelab.");
  if (variant !== null && !Object.hasOwn(row.variants, variant))
    throw new ServiceError(
      "INVALID",
      `${row.key} has no variant ${variant}. Choose one of ${Object.keys(row.variants).join(", ")}.`,
      { fields: [{ path: "variant", message: `Choose one of ${Object.keys(row.variants).join(", ")}.` }] },
    );
  const ofTenant = and(eq(flagOverrides.flagId, row.id), eq(flagOverrides.tenantId, tenantId));
  const [before] = await tx.select().from(flagOverrides).where(ofTenant);
  if ((before?.variant ?? null) === variant && (variant === null || before?.reason === reason)) return null;
  const createdBy =
    ctx.actor.kind === "staff" ? (ctx.actor.id as (typeof flagOverrides.$inferInsert)["createdBy"]) : null;
  if (variant === null) await tx.delete(flagOverrides).where(ofTenant);
  else
    await tx
      .insert(flagOverrides)
      .values({ flagId: row.id, tenantId, variant, reason, createdBy })
      .onConflictDoUpdate({
        target: [flagOverrides.flagId, flagOverrides.tenantId],
        set: { variant, reason, createdBy, createdAt: new Date() },
      });
  return { tenantId, tenant: tenant.slug, before: before?.variant ?? null, after: variant, reason };
}

/** @throws ServiceError PRECONDITION when a variant is to go that an override gives. */
export async function refuseStrandedOverrides(
  tx: Transaction,
  changed: ReadonlyMap<string, FlagState | null>,
): Promise<void> {
  const rows = await tx
    .selectDistinctOn([flags.key, flagOverrides.variant], {
      key: flags.key,
      variant: flagOverrides.variant,
      tenant: tenants.slug,
    })
    .from(flagOverrides)
    .innerJoin(flags, eq(flags.id, flagOverrides.flagId))
    .innerJoin(tenants, eq(tenants.id, flagOverrides.tenantId))
    .where(inArray(flags.key, [...changed.keys()]));
  for (const { key, variant, tenant } of rows) {
    const state = changed.get(key);
    if (state && !Object.hasOwn(state.variants, variant))
      throw new ServiceError(
        "PRECONDITION",
        `The homelab ${tenant} gets ${variant} of ${key} by an override. Keep the variant, or remove the override first.`,
      );
  }
}
