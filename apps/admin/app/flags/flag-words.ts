/** What the kinds of flags and their values are called. */
import type { FlagDefinition, FlagSummaryView } from "@kombify/api/schemas";

export const TYPE_NAMES: Record<FlagSummaryView["type"], string> = {
  boolean: "On or off",
  string: "Text",
  number: "Number",
  object: "JSON",
};

export const KIND_NAMES: Record<FlagDefinition["kind"], string> = {
  release: "Release",
  operations: "Operations",
  experiment: "Experiment",
  permission: "Permission",
};

/** A kind that was imported is called what the file called it. */
export const kindName = (kind: string): string => KIND_NAMES[kind as FlagDefinition["kind"]] ?? kind;

export const counted = (count: number, one: string, many: string): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
