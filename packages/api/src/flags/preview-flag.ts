/** What saving would do, found out without doing it. */

import { flags } from "@kombify/db/schema";
import { compileFlags, createFlagSet, type EvaluationContext, type FlagSet, type SourceFlag } from "@kombify/flags";
import { sayTargeting } from "@kombify/flags/rules";
import { eq } from "drizzle-orm";
import type { z } from "zod";
import type { UserContext, VerbContext } from "../context.ts";
import { needsApproval } from "./approval.ts";
import { checkChange, neighboursOf, readSegments, type Segments } from "./check-flags.ts";
import { differencesOf } from "./differences.ts";
import { type FlagState, sourceOf, stateOf } from "./flag-state.ts";
import { updated } from "./next-state.ts";
import { asProposal } from "./proposal.ts";
import type { FlagPreviewView, previewFlagInput } from "./schemas.ts";

/** Tenants that are looked at; beyond it a sample stands for all. */
const MOST_TENANTS = 10_000;

interface Tenant {
  tenantId: string;
  tenant: string;
  plan: string;
  instance: string | null;
  region: string | null;
  version: string | null;
  owner: string | null;
  overrides: Record<string, string>;
  all: number;
}

/** By the hash of their ids, so that a sample is not the oldest. */
const readTenants = (ctx: VerbContext, keys: string[]) =>
  ctx.db.read<Tenant>(
    (
      sql,
    ) => sql`select t.id as "tenantId", t.slug as tenant, t.plan, i.name as instance, i.region, r.versions ->> 'agent' as version,
        (select m.user_id from memberships m where m.tenant_id = t.id and m.role = 'owner' order by m.created_at limit 1) as owner,
        (select coalesce(json_object_agg(f.key, o.variant), '{}') from flag_overrides o join flags f on f.id = o.flag_id
          where o.tenant_id = t.id and f.key = any(${keys})) as overrides,
        count(*) over ()::int as all
      from tenants t left join instances i on i.id = t.instance_id left join instance_reports r on r.instance_id = i.id
      where t.status <> 'deleting' order by hashtext(t.id::text), t.id limit ${MOST_TENANTS}`,
  );

/** What a tenant's owner gets of a flag. Tenants with the same flags share what is made of them. */
function evaluator(key: string, sources: SourceFlag[], segments: Segments) {
  const sets = new Map<string, FlagSet>();
  return ({ tenantId, tenant, plan, instance, region, version, owner, overrides }: Tenant): string | null => {
    const compiled = compileFlags({ flags: sources, segments }, { tenantId, tenant }, overrides);
    const text = JSON.stringify(compiled);
    const flagSet = sets.get(text) ?? createFlagSet(compiled);
    sets.set(text, flagSet);
    const ofHost = { ...(instance && { instance }), ...(region && { region }), ...(version && { version }) };
    const person: EvaluationContext = owner ? { userId: owner, targetingKey: owner } : {};
    return flagSet.evaluate(key, { ...person, tenantId, tenant, plan, ...ofHost }).variant ?? null;
  };
}

function countEffects(tenants: Tenant[], was: (tenant: Tenant) => string | null, is: typeof was) {
  const counts = new Map<string, FlagPreviewView["effects"][number]>();
  for (const tenant of tenants) {
    const [before, after] = [was(tenant), is(tenant)];
    const place = JSON.stringify([before, after]);
    const count = counts.get(place)?.tenants ?? 0;
    counts.set(place, { before, after, tenants: count + 1 });
  }
  return [...counts.values()].sort((one, other) => other.tenants - one.tenants);
}

const sourcesOf = (states: ReadonlyMap<string, FlagState>) => [...states].map(([key, state]) => sourceOf(key, state));

/**
 * What would be different, in words and in numbers of tenants.
 * @throws ServiceError INVALID as saving would be refused.
 */
export async function previewFlag(
  ctx: UserContext,
  { key, definition }: z.output<typeof previewFlagInput>,
): Promise<FlagPreviewView> {
  const { before, after, states, segments } = await ctx.db.transaction(async (tx) => {
    const [row] = await tx.select().from(flags).where(eq(flags.key, key));
    const before = row ? stateOf(row) : null;
    const after = updated(key, before, asProposal(definition));
    const segments = await readSegments(tx);
    await checkChange(tx, new Map([[key, after]]), segments);
    return { before, after, segments, states: await neighboursOf(tx, new Map([[key, after]])) };
  });
  const earlier = new Map(states);
  if (before) earlier.set(key, before);
  else earlier.delete(key);
  const tenants = await readTenants(ctx, [...states.keys()]);
  const all = tenants[0]?.all ?? 0;
  return {
    differences: differencesOf(before, after),
    wordsBefore: before ? sayTargeting(before.targeting) : [],
    wordsAfter: sayTargeting(after.targeting),
    effects: countEffects(
      tenants,
      before ? evaluator(key, sourcesOf(earlier), segments) : () => null,
      evaluator(key, sourcesOf(states), segments),
    ),
    effectsNote: all > tenants.length ? `Looked at ${tenants.length} of ${all} homelabs, picked at random.` : null,
    needsApproval: needsApproval({ kind: "update", proposal: asProposal(definition) }, before?.isSensitive ?? false),
  };
}
