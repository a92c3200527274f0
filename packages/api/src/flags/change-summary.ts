import { differencesOf } from "./differences.ts";
import { stateOfSnapshot } from "./flag-state.ts";
import { updated } from "./next-state.ts";
import type { FlagChangeView, FlagDifference } from "./schemas.ts";

interface Asked {
  kind: FlagChangeView["kind"];
  proposal: Record<string, unknown>;
  /** The flag as it was when the change was asked for; null when it was not there. */
  before: Record<string, unknown> | null;
  /** Address of the homelab of an override; null when it is gone. */
  tenant: string | null;
}

/** Long values are shown where there is room for them. */
const MOST = 200;
const short = (text: string): string => (text.length > MOST ? `${text.slice(0, MOST)} …` : text);

function lineOf({ what, before, after }: FlagDifference): string {
  if (before === null) return `${what}: ${short(after ?? "")}`;
  return after === null ? `${what}: no longer ${short(before)}` : `${what}: ${short(before)} → ${short(after)}`;
}

function updateLines(before: Asked["before"], proposal: Asked["proposal"]): string[] {
  try {
    const was = before && stateOfSnapshot(before);
    const lines = differencesOf(was, updated("", was, proposal)).map(lineOf);
    return was ? lines : ["A new flag", ...lines];
  } catch {
    // Old ones are shown too, and what a flag may be has changed since.
    return ["It was written for an earlier version of kombify, which knew flags otherwise"];
  }
}

/** What a change does, a line for each thing. */
export function summaryOf({ kind, proposal, before, tenant }: Asked): string[] {
  if (kind === "update") return updateLines(before, proposal);
  if (kind === "kill") return ["Everybody gets the off-variant"];
  if (kind === "restore") return ["The kill switch is taken back: the rules decide again"];
  if (kind === "remove") return ["The flag is removed"];
  const whom = tenant ?? "A homelab that is gone";
  const { variant } = proposal as { variant: string | null };
  return [variant === null ? `${whom}: the rules decide again` : `${whom} gets ${variant}, whatever the rules say`];
}
