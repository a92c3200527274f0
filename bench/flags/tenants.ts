/** A hundred flags as they occur, and tenants who have them. */
import type { CompiledFlags } from "@kombify/agent-contract";
import { compileFlags, type EvaluationContext, type SourceFlag } from "@kombify/flags";
import { buildTargeting, type Condition, type Rule, WHOLE } from "@kombify/flags/rules";

export const FLAGS = 100;
const PLANS = ["free", "pro", "business"];

const compare = (
  attribute: string,
  operator: "is" | "one of" | "matches version",
  value: string | string[],
): Condition => ({
  kind: "compare",
  attribute,
  operator,
  value,
});
const on = { kind: "variant" as const, variant: "on" };
const split = (by: string) => ({
  kind: "split" as const,
  by,
  weights: [
    { variant: "on", weight: WHOLE / 4 },
    { variant: "off", weight: (WHOLE * 3) / 4 },
  ],
});
const isPaid: Rule = { when: compare("plan", "one of", ["pro", "business"]), give: on };

/** Without rules, by plan, by version and plan, in shares, in shares of some: a fifth each. */
const KINDS: Rule[][] = [
  [],
  [isPaid],
  [
    { when: compare("region", "is", "eu-west"), give: on },
    { when: compare("version", "matches version", ">=1.4.0"), give: on },
    isPaid,
  ],
  [{ when: null, give: split("userId") }],
  [
    isPaid,
    { when: compare("tenant", "one of", ["acme", "tenant-1"]), give: on },
    { when: null, give: split("tenantId") },
  ],
];

/** @param name part of a value, so that contents differ. */
export function flagsOf(tenant: string, name = ""): CompiledFlags {
  const flags = Array.from(
    { length: FLAGS },
    (_, n): SourceFlag => ({
      key: `flag-${n}`,
      state: "ENABLED",
      variants: { on: `on${name}`, off: "off" },
      defaultVariant: "off",
      targeting: buildTargeting({ rules: KINDS[n % KINDS.length] ?? [], otherwise: null }),
      metadata: { owner: "platform" },
      offVariant: null,
      prerequisites: [],
      isKilled: false,
    }),
  );
  return compileFlags({ flags, segments: {} }, { tenantId: `id-${tenant}`, tenant }, {});
}

export const contexts: EvaluationContext[] = Array.from({ length: 1_000 }, (_, n) => ({
  tenantId: `id-tenant-${n % 50}`,
  tenant: `tenant-${n % 50}`,
  plan: PLANS[n % 3] ?? "free",
  version: n % 2 === 0 ? "1.3.9" : "1.4.2",
  region: n % 5 === 0 ? "eu-west" : "us-east",
  userId: `user-${n}`,
  targetingKey: `user-${n}`,
}));
