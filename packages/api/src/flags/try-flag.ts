/** The playground: what a flag gives somebody, and why. Nothing is written, and nothing is counted as use. */
import { ServiceError } from "@kombify/agent-contract";
import { flags } from "@kombify/db/schema";
import {
  compileFlags,
  createFlagSet,
  type Evaluation,
  type EvaluationContext,
  evaluationContext,
} from "@kombify/flags";
import { sayTargeting } from "@kombify/flags/rules";
import { eq } from "drizzle-orm";
import type { z } from "zod";
import type { UserContext, VerbContext } from "../context.ts";
import { checkChange, neighboursOf, readSegments, type Segments } from "./check-flags.ts";
import { type Explanation, explainTargeting } from "./explain-targeting.ts";
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

interface Decision {
  decidedBy: string;
  words: string;
}

/** Who decided, in the order in which an evaluation looks at it (docs/decisions/0027-flags-evaluated-by-flagd.md). */
function decisionOf(
  key: string,
  { flag }: Pick<Flags, "flag">,
  tenant: Tenant | null,
  evaluation: Evaluation,
  rules: Pick<Explanation, "ruleId">,
): Decision {
  const { variant, metadata, errorDetails } = evaluation;
  const override = tenant?.overrides[key];
  if (flag.state === "DISABLED")
    return { decidedBy: "disabled", words: `${key} is disabled. Everybody gets ${given(null)}.` };
  if (flag.killedAt)
    return {
      decidedBy: "killed",
      words: `${key} is killed${because(flag.killedReason)}. Everybody gets ${given(variant)}, whatever the rules say.`,
    };
  const needed = flag.prerequisites.find((one) => one.flag === metadata.prerequisite);
  if (needed)
    return {
      decidedBy: "prerequisite",
      words: `${key} needs ${needed.flag} to give ${needed.variants.join(" or ")}, which it does not here. It gives ${given(variant)}.`,
    };
  if (evaluation.reason === "ERROR")
    return {
      decidedBy: "error",
      words: `The rules cannot be evaluated: ${errorDetails ?? "the engine gave no reason"}.`,
    };
  if (override)
    return {
      decidedBy: "override",
      words: `By an override${because(override.reason)} ${tenant?.facts.tenant} gets ${given(variant)}, whatever the rules say.`,
    };
  return ruleDecision(flag, evaluation, rules.ruleId);
}

function ruleDecision({ targeting, defaultVariant }: FlagState, { reason }: Evaluation, ruleId: string): Decision {
  const isDefault = ruleId === "default";
  const decidedBy = "default";
  if (Object.keys(targeting).length === 0)
    return { decidedBy, words: `There are no rules. Everybody gets ${given(defaultVariant)}.` };
  const lines = sayTargeting(targeting);
  const number = Number(ruleId.slice("rule-".length));
  if (reason === "DEFAULT")
    return {
      decidedBy,
      words: `${isDefault ? "No rule gives anything" : `Rule ${number} holds, and gives nothing`} here. What is left is ${given(defaultVariant)}.`,
    };
  return isDefault
    ? { decidedBy, words: `${lines.at(-1)}.` }
    : { decidedBy: ruleId, words: `Rule ${number} decides. ${lines[number - 1]}.` };
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
  const evaluation = createFlagSet(compiled).evaluate(key, context);

  const rules = explainTargeting({ key, segments, facts, context }, flag.targeting);
  const decision = decisionOf(key, found, tenant, evaluation, rules);
  const isByRules = !["disabled", "killed", "prerequisite", "override"].includes(decision.decidedBy);
  return {
    value: (evaluation.value ?? null) as PlaygroundView["value"],
    hasValue: evaluation.value !== undefined,
    variant: evaluation.variant ?? null,
    reason: evaluation.reason,
    error: evaluation.errorDetails ?? null,
    ...decision,
    bucket: isByRules ? rules.bucket : null,
    steps: isByRules ? rules.steps : [],
    context: context as PlaygroundView["context"],
  };
}
