/** How the flags of this host stand, for `/metrics` and `/ready`. */
import { createCounter, createGauge, type MetricsRegistry } from "@kombify/server";
import type { RefusalReason } from "./checks.ts";
import type { FreshnessWatch } from "./freshness.ts";
import type { HostFlags } from "./host-flags.ts";

export type FlagCounters = {
  refused(reason: RefusalReason): void;
  evaluated(reason: string): void;
};

/** Counts before there is anything to count in. */
export const uncounted: FlagCounters = { refused: () => undefined, evaluated: () => undefined };

export function createFlagMetrics(
  registry: MetricsRegistry,
  flags: HostFlags,
  freshness: FreshnessWatch,
): FlagCounters {
  createGauge(registry, {
    name: "kombify_flags_age_seconds",
    help: "Seconds since the control plane last said that the flags of this host are current.",
    read: () => ageSeconds(freshness.status().confirmedAt),
  });
  createGauge(registry, {
    name: "kombify_flags_revision_lowest",
    help: "Lowest revision of a tenant's flags on this host.",
    read: () => bound(flags, (a, b) => Math.min(a, b)),
  });
  createGauge(registry, {
    name: "kombify_flags_revision_highest",
    help: "Highest revision of a tenant's flags on this host.",
    read: () => bound(flags, (a, b) => Math.max(a, b)),
  });
  createGauge(registry, {
    name: "kombify_flags_tenants_refused",
    help: "Tenants of which something newer was not taken, or what was kept could not be read.",
    read: () => flags.summary().refused,
  });
  const refused = createCounter(registry, {
    name: "kombify_flags_refused_total",
    help: "Flags from the control plane that were not taken, by reason.",
    labels: ["reason"],
  });
  const evaluated = createCounter(registry, {
    name: "kombify_flag_evaluations_total",
    help: "Evaluations of flags for clients, by the reason of their outcome.",
    labels: ["reason"],
  });
  return { refused: (reason) => refused({ reason }), evaluated: (reason) => evaluated({ reason }) };
}

/** Whole seconds since then; undefined for never. */
export const ageSeconds = (since: Date | null): number | undefined =>
  since === null ? undefined : Math.max(0, Math.floor((Date.now() - since.getTime()) / 1000));

const bound = (flags: HostFlags, choose: (a: number, b: number) => number): number | undefined => {
  const { revisions } = flags.summary();
  return revisions.length > 0 ? revisions.reduce(choose) : undefined;
};

/** For readiness: it tells and never fails, since what is here is served without limit. */
export function describeFlags(flags: HostFlags, freshness: FreshnessWatch): string {
  const { isStale, confirmedAt, error: pullError } = freshness.status();
  const { revisions, refused, error } = flags.summary();
  const age = ageSeconds(confirmedAt);
  const words = [
    `${revisions.length} tenants`,
    isStale ? `stale, last confirmed ${age === undefined ? "never" : `${age} s ago`}` : "current",
    ...(refused > 0 ? [`${refused} with flags that were refused`] : []),
    ...[pullError, error].filter((text) => text !== null),
  ];
  return words.join("; ");
}
