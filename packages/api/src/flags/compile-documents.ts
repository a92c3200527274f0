/**
 * Flags of many tenants at once. Most tenants have the same flags: what they have in common is compiled once, and each of
 * them costs an envelope.
 */
import type { CompiledFlags } from "@kombify/agent-contract";
import { type CompileSource, compileFlags, digestOfFlags, type TenantFacts } from "@kombify/flags";

/** Flags with the digest that names them. */
export interface Content {
  digest: string;
  flags: CompiledFlags;
}

/** Gives a tenant's flags. @param overrides variant by key, of this tenant. */
export type Compiler = (facts: Pick<TenantFacts, "tenantId" | "tenant">, overrides: Record<string, string>) => Content;

/** Different sets of flags that are remembered; tenants with others are compiled again. */
const MAX_CONTENTS = 1_000;

const isAboutTenants = (logic: unknown): boolean => /"(\.\.\/)*(tenantId|tenant)\b/.test(JSON.stringify(logic));

/** Flags that may come out differently from one tenant to the next although neither has an override. */
function flagsAboutTenants({ flags, segments }: CompileSource): CompileSource["flags"] {
  const hasSuchSegments = Object.values(segments).some(isAboutTenants);
  return flags.filter(
    ({ targeting }) => isAboutTenants(targeting) || (hasSuchSegments && JSON.stringify(targeting).includes('"$ref"')),
  );
}

/** @param source of one revision: what is remembered is good for that one alone. */
export function createCompiler(source: CompileSource): Compiler {
  const own = flagsAboutTenants(source);
  const known = new Map<string, Content>();
  return (facts, overrides) => {
    const compiledOwn = own.length === 0 ? {} : compileFlags({ ...source, flags: own }, facts, overrides);
    const what = JSON.stringify([compiledOwn, Object.entries(overrides).sort()]);
    const found = known.get(what);
    if (found) return found;
    const flags = compileFlags(source, facts, overrides);
    const content = { digest: digestOfFlags(flags), flags };
    if (known.size < MAX_CONTENTS) known.set(what, content);
    return content;
  };
}
