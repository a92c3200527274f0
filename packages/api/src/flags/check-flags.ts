/**
 * Whether flags hang together, looked at while nobody else writes. What was checked before and has nothing to do with the
 * change is not looked at again, so that saving one of ten thousand flags does not cost ten thousand.
 */
import { ServiceError } from "@kombify/agent-contract";
import type { Transaction } from "@kombify/db";
import { flagSegments, flags } from "@kombify/db/schema";
import type { SourceFlag } from "@kombify/flags";
import { sql } from "drizzle-orm";
import { type FlagState, sourceOf, stateOf } from "./flag-state.ts";

export type Segments = Record<string, Record<string, unknown>>;

export async function readSegments(tx: Transaction): Promise<Segments> {
  const rows = await tx.select({ key: flagSegments.key, logic: flagSegments.logic }).from(flagSegments);
  return Object.fromEntries(rows.map(({ key, logic }) => [key, logic]));
}

/** Flags by key: those that changed as they are to be, what they need however far off, and what needs them. */
async function neighbours(tx: Transaction, changed: ReadonlyMap<string, FlagState | null>) {
  const keys = [...changed.keys()];
  const needed = [...changed.values()].flatMap((state) => state?.prerequisites.map(({ flag }) => flag) ?? []);
  const start = JSON.stringify([...new Set([...keys, ...needed])]);
  const rows = await tx
    .select()
    .from(flags)
    .where(
      sql`${flags.key} in (
        with recursive wanted(key) as (
          select jsonb_array_elements_text(${start}::jsonb)
          union select p ->> 'flag' from wanted join flags f on f.key = wanted.key, jsonb_array_elements(f.prerequisites) p)
        select key from wanted)
      or exists (select from jsonb_array_elements(${flags.prerequisites}) p
        where p ->> 'flag' in (select jsonb_array_elements_text(${JSON.stringify(keys)}::jsonb)))`,
    );
  const states = new Map<string, FlagState>(rows.map((row) => [row.key, stateOf(row)]));
  for (const [key, state] of changed) {
    if (state) states.set(key, state);
    else states.delete(key);
  }
  return states;
}

/** @throws ServiceError PRECONDITION that names the flags which need one that is to go. */
function refuseLeavingOthers(states: ReadonlyMap<string, FlagState>, changed: ReadonlyMap<string, FlagState | null>) {
  for (const [key, state] of changed) {
    if (state) continue;
    const needing = [...states].filter(([, other]) => other.prerequisites.some(({ flag }) => flag === key));
    if (needing.length > 0)
      throw new ServiceError(
        "PRECONDITION",
        `${key} is a prerequisite of ${needing.map(([name]) => name).join(", ")}. Take it out there first.`,
      );
  }
}

/**
 * Checks a change of flags with everything that it touches.
 * @param changed by key; null for a flag that is to go.
 * @throws ServiceError PRECONDITION, INVALID
 */
export async function checkChange(
  tx: Transaction,
  changed: ReadonlyMap<string, FlagState | null>,
  segments: Segments,
): Promise<void> {
  const states = await neighbours(tx, changed);
  refuseLeavingOthers(states, changed);
  checkSource(
    [...states].map(([key, state]) => sourceOf(key, state)),
    segments,
  );
}

/** @throws ServiceError INVALID with a line for each thing that is wrong. */
export function checkSource(sources: SourceFlag[], _segments: Segments): void {
  const byKey = new Map(sources.map((flag) => [flag.key, flag]));
  const wrong = sources.flatMap(({ key, variants, defaultVariant, offVariant, prerequisites }) => [
    ...[defaultVariant, offVariant]
      .filter((name) => name !== null && !Object.hasOwn(variants, name))
      .map((name) => `${key} has no variant ${name}.`),
    ...prerequisites
      .filter(({ flag }) => !byKey.has(flag))
      .map(({ flag }) => `${key} needs the flag ${flag}, which is not there.`),
  ]);
  if (wrong.length > 0) throw new ServiceError("INVALID", wrong.join(" "));
}
