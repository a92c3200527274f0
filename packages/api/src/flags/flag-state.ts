/** What a flag is at one moment: as its row has it, as its history keeps it, and as documents are compiled from it. */
import { isDeepStrictEqual } from "node:util";
import type { flags } from "@kombify/db/schema";
import type { SourceFlag } from "@kombify/flags";
import { z } from "zod";
import { type FlagDefinition, flagDefinitionSchema } from "./schemas.ts";

export type FlagRow = typeof flags.$inferSelect;

export interface FlagState extends FlagDefinition {
  killedAt: Date | null;
  killedReason: string;
  /** See `flags.file_extras`. */
  fileExtras: Record<string, unknown>;
}

/** A snapshot of `flag_versions` is a state as JSON. An imported history may have had no owner. */
const snapshotSchema = z.object({
  ...flagDefinitionSchema.shape,
  owner: z.string(),
  kind: z.string() as unknown as typeof flagDefinitionSchema.shape.kind,
  killedAt: z.coerce.date().nullable().default(null),
  killedReason: z.string().default(""),
  fileExtras: z.record(z.string(), z.unknown()).default({}),
});

export const stateOf = (row: FlagRow): FlagState => ({
  description: row.description,
  owner: row.owner,
  kind: row.kind as FlagDefinition["kind"],
  lifetime: row.lifetime,
  expiresAt: row.expiresAt,
  isSensitive: row.isSensitive,
  state: row.state,
  variants: row.variants as FlagDefinition["variants"],
  defaultVariant: row.defaultVariant,
  offVariant: row.offVariant,
  prerequisites: row.prerequisites,
  targeting: row.targeting as FlagDefinition["targeting"],
  metadata: row.metadata as FlagDefinition["metadata"],
  killedAt: row.killedAt,
  killedReason: row.killedReason,
  fileExtras: row.fileExtras,
});

/** As JSON. */
export const snapshotOf = ({ expiresAt, killedAt, ...state }: FlagState): Record<string, unknown> => ({
  ...state,
  expiresAt: expiresAt?.toISOString() ?? null,
  killedAt: killedAt?.toISOString() ?? null,
});

export const stateOfSnapshot = (snapshot: Record<string, unknown>): FlagState => snapshotSchema.parse(snapshot);

/** What staff edit of it. */
export const definitionOf = ({ killedAt: _at, killedReason: _why, fileExtras: _extras, ...definition }: FlagState) =>
  definition satisfies FlagDefinition;

export const isSameState = (one: FlagState, other: FlagState): boolean =>
  isDeepStrictEqual(snapshotOf(one), snapshotOf(other));

/** What documents are compiled from: when two states have the same, every document is the same. */
export const sourceOf = (key: string, state: FlagState): SourceFlag => ({
  key,
  state: state.state,
  variants: state.variants,
  defaultVariant: state.defaultVariant,
  targeting: state.targeting,
  metadata: state.metadata,
  offVariant: state.offVariant,
  prerequisites: state.prerequisites,
  isKilled: state.killedAt !== null,
});
