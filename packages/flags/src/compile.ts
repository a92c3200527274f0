/** Flags, segments and overrides as staff write them, made into what one tenant's host gets. */
import type { CompiledFlags, Prerequisite } from "@kombify/agent-contract";
import { type Prepared, prepare } from "./prepared.ts";

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

const preparations = new WeakMap<CompileSource, Prepared>();

/**
 * The flags of one tenant. Segments are written out, shares guarded against a missing attribute, and whatever only depends
 * on who the tenant is, is decided here: no other tenant's id or address ever gets to a host.
 *
 * A killed flag gives its off-variant to everybody, an overridden one that variant; `metadata.decidedBy` says so. A variant
 * that is gone overrides nothing.
 * @param source the same object for many tenants is prepared once, and must not change meanwhile. Tenants who get the same get
 *   the same object, with the same digest: do not change it either.
 * @param overrides variant by key, of this tenant.
 * @throws SegmentError when a segment is missing or refers to itself.
 */
export function compileFlags(
  source: CompileSource,
  facts: Pick<TenantFacts, "tenantId" | "tenant">,
  overrides: Readonly<Record<string, string>>,
): CompiledFlags {
  const prepared = preparations.get(source) ?? prepare(source);
  preparations.set(source, prepared);
  return prepared.compile(facts, overrides);
}
