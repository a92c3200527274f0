/** Sets of flags by what is in them: a thousand tenants with the same flags share one. */
import type { CompiledFlags } from "@kombify/agent-contract";
import { createFlagSet, type FlagSet } from "./evaluate.ts";

export interface FlagSetCache {
  /** @param flags asked for only where the set is not there. @throws Error as createFlagSet does. */
  of(flagsDigest: string, flags: () => CompiledFlags): FlagSet;
  readonly size: number;
}

/** @param maxEntries what was not asked for the longest goes first. */
export function createFlagSetCache(maxEntries: number): FlagSetCache {
  const sets = new Map<string, FlagSet>();
  return {
    of(flagsDigest, flags) {
      const flagSet = sets.get(flagsDigest) ?? createFlagSet(flags());
      sets.delete(flagsDigest);
      sets.set(flagsDigest, flagSet);
      const [oldest] = sets.keys();
      if (sets.size > maxEntries && oldest !== undefined) sets.delete(oldest);
      return flagSet;
    },
    get size() {
      return sets.size;
    },
  };
}
