/**
 * Whether flags hang together, looked at while nobody else writes. What was checked before and has nothing to do with the
 * change is not looked at again, so that saving one of ten thousand flags does not cost ten thousand.
 */
import { ServiceError } from "@kombify/agent-contract";
import type { Transaction } from "@kombify/db";
import { flagSegments, flags } from "@kombify/db/schema";
import { checkDefinitions, type SourceFlag } from "@kombify/flags";
import { sql } from "drizzle-orm";
import { type FlagState, sourceOf, stateOf } from "./flag-state.ts";

/** More than anybody reads at once. */
const MOST_PROBLEMS = 50;

export type Segments = Record<string, Record<string, unknown>>;

export async function readSegments(tx: Transaction): Promise<Segments> {
  const rows = await tx.select({ key: flagSegments.key, logic: flagSegments.logic }).from(flagSegments);
  return Object.fromEntries(rows.map(({ key, logic }) => [key, logic]));
}

/** Flags by key: those that changed as they are to be, what they need however far off, and what needs them. */
export async function neighboursOf(
  tx: Transaction,
  changed: ReadonlyMap<string, FlagState | null>,
): Promise<Map<string, FlagState>> {
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
  const states = await neighboursOf(tx, changed);
  refuseLeavingOthers(states, changed);
  const [only] = changed.size === 1 ? changed.keys() : [];
  refuseProblems({ flags: [...states].map(([key, state]) => sourceOf(key, state)), segments }, only);
}

/** Where a problem is, as a field of what was sent: `definition.targeting.if.0` of the one flag that is saved. */
function fieldOf(pointer: string, key: string | undefined): string {
  const [, noun = "", name = "", ...rest] = pointer.split("/");
  const place = noun === "flags" && name === key ? ["definition", ...rest] : [noun, name, ...rest];
  return place.join(".");
}

/**
 * @param only the one flag that is saved, where it is one.
 * @throws ServiceError INVALID with a field for each thing that is wrong.
 */
export function refuseProblems(source: { flags: SourceFlag[]; segments: Segments }, only?: string): void {
  const problems = checkDefinitions(source);
  const [first] = problems;
  if (!first) return;
  const [, noun, name] = first.path.split("/");
  const subject = noun === "flags" && name === only ? "" : `${noun === "segments" ? "The segment " : ""}${name}: `;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  throw new ServiceError("INVALID", `${subject}${first.message}${more}`, {
    fields: problems.slice(0, MOST_PROBLEMS).map(({ path, message }) => ({ path: fieldOf(path, only), message })),
  });
}
