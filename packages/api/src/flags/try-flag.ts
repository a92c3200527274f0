/** The playground: what a flag gives somebody, and why. Nothing is written, and nothing is counted as use. */
import { ServiceError } from "@kombify/agent-contract";
import { flags } from "@kombify/db/schema";
import { compileFlags, type EvaluationContext, type Explanation, evaluationContext, explain } from "@kombify/flags";
import { eq } from "drizzle-orm";
import type { z } from "zod";
import type { UserContext, VerbContext } from "../context.ts";
import { checkChange, neighboursOf, readSegments, type Segments } from "./check-flags.ts";
import { type FlagState, sourceOf, stateOf } from "./flag-state.ts";
import { updated } from "./next-state.ts";
import { asProposal } from "./proposal.ts";
import type { PlaygroundView, playgroundInput } from "./schemas.ts";

type Input = z.output<typeof playgroundInput>;

interface Tenant {
  facts: { tenantId: string; tenant: string; plan?: string; instance?: string; region?: string; version?: string };
  overrides: Record<string, { variant: string; reason: string }>;
}

/** @throws ServiceError NOT_FOUND */
async function readTenant(ctx: VerbContext, selector: string): Promise<Tenant> {
  const [tenant] = await ctx.db.read<Tenant>(
    (sql) => sql`
      select json_strip_nulls(json_build_object('tenantId', t.id, 'tenant', t.slug, 'plan', t.plan, 'instance', i.name,
          'region', nullif(i.region, ''), 'version', r.versions ->> 'agent')) as facts,
        (select coalesce(json_object_agg(f.key, json_build_object('variant', o.variant, 'reason', o.reason)), '{}')
          from flag_overrides o join flags f on f.id = o.flag_id where o.tenant_id = t.id) as overrides
      from tenants t left join instances i on i.id = t.instance_id left join instance_reports r on r.instance_id = i.id
      where t.slug = ${selector} or t.id::text = ${selector.toLowerCase()}`,
  );
  if (tenant) return tenant;
  throw new ServiceError("NOT_FOUND", `There is no homelab ${selector}. Name one by its address or id.`, {
    fields: [{ path: "tenant", message: "There is no such homelab." }],
  });
}

interface Flags {
  flag: FlagState;
  /** With what it needs. */
  states: Map<string, FlagState>;
  segments: Segments;
}

/** @throws ServiceError NOT_FOUND; INVALID for a draft that could not be saved. */
const readFlags = (ctx: VerbContext, { key, definition }: Input): Promise<Flags> =>
  ctx.db.transaction(async (tx) => {
    const [row] = await tx.select().from(flags).where(eq(flags.key, key));
    const before = row ? stateOf(row) : null;
    const flag = definition ? updated(key, before, asProposal(definition)) : before;
    if (!flag) throw new ServiceError("NOT_FOUND", `There is no flag ${key}.`);
    const segments = await readSegments(tx);
    const changed = new Map([[key, flag]]);
    if (definition) await checkChange(tx, changed, segments);
    return { flag, segments, states: await neighboursOf(tx, changed) };
  });

/**
 * As on a host and in Cloud: what is known of the tenant outweighs what is said. Who asks is only known when it is said, and
 * where no tenant is named everything may be.
 */
function contextOf(known: Partial<Tenant["facts"]>, isTenantKnown: boolean, said: Input["context"]): EvaluationContext {
  const caller = [said.userId, said.targetingKey].find((value) => typeof value === "string" && value !== "");
  const who = caller === undefined ? {} : { targetingKey: caller, userId: caller };
  if (!isTenantKnown) return { ...who, ...said, ...known } as EvaluationContext;
  const context = evaluationContext({ context: known as Record<string, string> }, { ...who, ...said }, "");
  return Object.fromEntries(Object.entries(context).filter(([, value]) => value !== ""));
}

const given = (variant: string | null | undefined): string =>
  variant == null ? "no value: whoever asks uses the default of their own code" : variant;
const because = (reason: string): string => (reason === "" ? "" : ` (${reason})`);

/** What decided, as staff know it: with what was said about a switch or an override. */
function wordsOf(key: string, { flag }: Flags, tenant: Tenant | null, explained: Explanation): string {
  const { decidedBy, evaluation, words } = explained;
  const { variant, metadata, reason } = evaluation;
  const override = tenant?.overrides[key];
  const needed = flag.prerequisites.find((one) => one.flag === metadata.prerequisite);
  if (decidedBy === "disabled") return `${key} is disabled. Everybody gets ${given(null)}.`;
  if (decidedBy === "killed")
    return `${key} is killed${because(flag.killedReason)}. Everybody gets ${given(variant)}, whatever the rules say.`;
  if (decidedBy === "prerequisite" && needed)
    return `${key} needs ${needed.flag} to give ${needed.variants.join(" or ")}, which it does not here. It gives ${given(variant)}.`;
  if (decidedBy === "override" && override)
    return `By an override${because(override.reason)} ${tenant?.facts.tenant} gets ${given(variant)}, whatever the rules say.`;
  if (decidedBy.startsWith("rule-")) return `Rule ${decidedBy.slice("rule-".length)} decides. ${words}.`;
  if (decidedBy !== "default") return words;
  if (Object.keys(flag.targeting).length === 0) return `There are no rules. Everybody gets ${given(variant)}.`;
  return reason === "DEFAULT" ? `No rule gives anything here. What is left is ${given(variant)}.` : `${words}.`;
}

/**
 * @param input.definition in place of what is saved: a draft, also of a flag that is not there yet.
 * @throws ServiceError NOT_FOUND, INVALID
 */
export async function tryFlag(ctx: UserContext, input: Input): Promise<PlaygroundView> {
  const { key, plan } = input;
  const [found, tenant] = await Promise.all([
    readFlags(ctx, input),
    input.tenant === undefined ? null : readTenant(ctx, input.tenant),
  ]);
  const { flag, states, segments } = found;
  const context = contextOf({ ...tenant?.facts, ...(plan ? { plan } : {}) }, tenant !== null, input.context);
  const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
  const facts = tenant?.facts ?? { tenantId: textOf(context.tenantId), tenant: textOf(context.tenant) };
  const overrides = Object.entries(tenant?.overrides ?? {}).map(([name, { variant }]) => [name, variant]);
  const sources = [...states].map(([name, state]) => sourceOf(name, state));
  const compiled = compileFlags({ flags: sources, segments }, facts, Object.fromEntries(overrides));
  const names = tenant ? { [tenant.facts.tenantId]: tenant.facts.tenant } : {};
  const explained = explain(compiled, key, context, { targeting: flag.targeting, segments, names });
  const { evaluation, decidedBy, bucket, steps } = explained;
  return {
    value: (evaluation.value ?? null) as PlaygroundView["value"],
    hasValue: evaluation.value !== undefined,
    variant: evaluation.variant ?? null,
    reason: evaluation.reason,
    error: evaluation.errorDetails ?? null,
    words: wordsOf(key, found, tenant, explained),
    ...{ decidedBy, bucket, steps },
    context: context as PlaygroundView["context"],
  };
}
