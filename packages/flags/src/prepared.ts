/**
 * Flags as far as they are the same for all tenants: segments written out, shares guarded. What is left to decide is which
 * conditions on the tenant hold; tenants for whom the same ones do, and with the same overrides, share what is compiled.
 */
import type { CompiledFlag, CompiledFlags } from "@kombify/agent-contract";
import { FeatureFlag } from "@openfeature/flagd-core";
import { guardShares } from "./bucket-guard.ts";
import type { CompileSource, SourceFlag, TenantFacts } from "./compile.ts";
import { QUIET } from "./quiet.ts";
import { writeOutSegments } from "./segments.ts";
import { decideTenantConditions } from "./tenant-conditions.ts";

type Who = Pick<TenantFacts, "tenantId" | "tenant">;
type Condition = Record<string, unknown>;

/** What tenants share is kept for so many different answers. */
const MOST_KEPT = 1_000;

export interface Prepared {
  compile(who: Who, overrides: Readonly<Record<string, string>>): CompiledFlags;
}

/** flagd's engine says whether a condition holds: nobody else would say the same. What it cannot evaluate does not hold. */
function loadCondition(condition: Condition): (who: Who) => boolean {
  const flag = new FeatureFlag(
    "tenant",
    {
      state: "ENABLED",
      variants: { yes: true, no: false },
      defaultVariant: "no",
      targeting: { if: [condition, "yes", "no"] },
    } as never,
    QUIET,
    { disableDynamicCodeGeneration: true },
  );
  return ({ tenantId, tenant }) => flag.evaluate({ tenantId, tenant }, QUIET).value === true;
}

/** Conditions in a targeting that depend on the tenant alone; those of every branch. */
function conditionsIn(targeting: unknown): Condition[] {
  const found = new Set<Condition>();
  decideTenantConditions(targeting, {
    holds(condition) {
      found.add(condition);
      return null;
    },
  });
  return [...found];
}

/** A targeting is an object also where what it gives is settled. */
function decide(targeting: unknown, holds: (condition: Condition) => boolean): Condition {
  const decided = decideTenantConditions(targeting, { holds });
  return typeof decided === "object" && decided !== null ? (decided as Condition) : { if: [decided] };
}

interface PreparedFlag {
  source: SourceFlag;
  targeting: unknown;
  conditions: Condition[];
}

function compileFlag(
  { source, targeting }: PreparedFlag,
  override: string | null,
  holds: (condition: Condition) => boolean,
): CompiledFlag {
  const { state, variants, defaultVariant, metadata, offVariant, prerequisites, isKilled } = source;
  const decidedBy = isKilled ? "killed" : override === null ? null : "override";
  const rules = decidedBy ? {} : decide(targeting, holds);
  return {
    state,
    variants,
    defaultVariant: isKilled ? offVariant : (override ?? defaultVariant),
    ...(Object.keys(rules).length > 0 ? { targeting: rules } : {}),
    metadata: { ...metadata, ...(decidedBy ? { decidedBy } : {}) },
    ...(prerequisites.length > 0 && !isKilled ? { prerequisites } : {}),
    ...(offVariant === null ? {} : { offVariant }),
  } as CompiledFlag;
}

/** @throws SegmentError when a segment is missing or refers to itself. */
export function prepare({ flags, segments }: CompileSource): Prepared {
  const prepared = flags.map((source): PreparedFlag => {
    const targeting = guardShares(writeOutSegments(source.targeting, segments));
    return { source, targeting, conditions: source.isKilled ? [] : conditionsIn(targeting) };
  });
  const conditions = new Map(
    prepared.flatMap((flag) => flag.conditions).map((condition) => [condition, loadCondition(condition)]),
  );
  const kept = new Map<string, CompiledFlags>();

  return {
    compile(who, overrides) {
      const answers = new Map([...conditions].map(([condition, holds]) => [condition, holds(who)]));
      const overridden = prepared.map(({ source: { key, variants } }) => {
        const variant = Object.hasOwn(overrides, key) ? overrides[key] : undefined;
        // A variant may be gone by now: then the rules decide.
        return variant !== undefined && Object.hasOwn(variants, variant) ? variant : null;
      });
      const name = JSON.stringify([
        [...answers.values()].map(Number).join(""),
        overridden.some(Boolean) ? overridden : 0,
      ]);
      const known = kept.get(name);
      if (known) return known;
      const compiled = Object.fromEntries(
        prepared.map((flag, index) => [
          flag.source.key,
          compileFlag(flag, overridden[index] ?? null, (condition) => answers.get(condition) ?? false),
        ]),
      );
      if (kept.size < MOST_KEPT) kept.set(name, compiled);
      return compiled;
    },
  };
}
