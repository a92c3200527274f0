/** Flags, segments and overrides as staff write them, made into what one tenant's host gets. */
import type { CompiledFlag, CompiledFlags, Prerequisite } from "@kombify/agent-contract";

/** What is known of a tenant: the context of its documents. */
export interface TenantFacts {
  tenantId: string;
  /** Slug. */
  tenant: string;
  plan: string;
  /** Name of its host; absent while it has none, as all below. */
  instance?: string;
  region?: string;
  /** Of the host's agent. */
  version?: string;
}

/** A flag as it is stored. */
export interface SourceFlag {
  key: string;
  state: "ENABLED" | "DISABLED";
  variants: Record<string, unknown>;
  defaultVariant: string | null;
  targeting: Record<string, unknown>;
  metadata: Record<string, unknown>;
  offVariant: string | null;
  prerequisites: Prerequisite[];
  isKilled: boolean;
}

export interface CompileSource {
  flags: SourceFlag[];
  /** Logic by key. */
  segments: Record<string, Record<string, unknown>>;
}

/**
 * The flags of one tenant. Segments are written out, percentages guarded against a missing attribute, and whatever only
 * depends on who the tenant is, is decided here: no other tenant's id or address ever gets to a host.
 * @param overrides variant by key, of this tenant.
 * @throws Error when a segment is missing or refers to itself.
 */
export function compileFlags(
  source: CompileSource,
  _facts: Pick<TenantFacts, "tenantId" | "tenant">,
  overrides: Record<string, string>,
): CompiledFlags {
  return Object.fromEntries(
    source.flags.map((flag) => {
      const { state, variants, defaultVariant, targeting, metadata, offVariant, prerequisites } = flag;
      const fixed = flag.isKilled ? offVariant : (overrides[flag.key] ?? null);
      const compiled = {
        state,
        variants,
        defaultVariant: fixed ?? defaultVariant,
        ...(fixed === null && Object.keys(targeting).length > 0 ? { targeting } : {}),
        metadata,
        ...(prerequisites.length > 0 ? { prerequisites } : {}),
        ...(offVariant === null ? {} : { offVariant }),
      };
      return [flag.key, compiled as CompiledFlag];
    }),
  );
}
