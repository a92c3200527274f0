/** A rollout by percentage as the editor builds it and hosts get it: what the golden vectors were made with. */
import { compileFlags, createFlagSet, type FlagSet } from "../src/index.ts";
import { buildTargeting, WHOLE } from "../src/rules/index.ts";

export const GOLDEN_FLAG = "golden";
export const PERCENTAGES = [0, 1, 50, 99, 100];
export const ATTRIBUTES = ["tenantId", "userId", "targetingKey"];

/** @param percentage of people who get `on`. */
export function rolloutFlags(by: string, percentage: number, key = GOLDEN_FLAG): FlagSet {
  const weight = Math.round((percentage * WHOLE) / 100);
  const weights = [
    { variant: "on", weight },
    { variant: "off", weight: WHOLE - weight },
  ];
  const flag = {
    key,
    state: "ENABLED" as const,
    variants: { on: true, off: false },
    defaultVariant: "off",
    targeting: buildTargeting({ rules: [], otherwise: { kind: "split", by, weights } }),
    metadata: {},
    offVariant: null,
    prerequisites: [],
    isKilled: false,
  };
  return createFlagSet(compileFlags({ flags: [flag], segments: {} }, { tenantId: "t", tenant: "t" }, {}));
}
