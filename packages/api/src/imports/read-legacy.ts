import type { Collection } from "./collection.ts";
import { digestOfRow, type TakenRow } from "./digest.ts";
import { type LegacyRow, readFields, whyNotStorable } from "./legacy-fields.ts";
import type { CollectionReport, RowNote } from "./report.ts";

export interface Accepted extends TakenRow {
  legacyId: string;
  digest: string;
  /** What a field of ours is called there. */
  names: Record<string, string>;
  /** Paths that were left behind because they are credentials. */
  credentials: string[];
}

const LARGEST_REMAINDER_BYTES = 64 * 1024;

function readRow(collection: Collection, raw: LegacyRow): Accepted | RowNote {
  const id = typeof raw.id === "string" ? raw.id : "";
  const refuse = (field: string, reason: string): RowNote => ({
    id: id || JSON.stringify(raw.id ?? null),
    field,
    reason,
  });
  if (id === "" || id.length > 200) return refuse("id", "must be text of 1 to 200 characters");
  for (const [field, value] of Object.entries(raw)) {
    const why = whyNotStorable(value) ?? whyNotStorable(field);
    if (why) return refuse(field, why);
  }
  const { picked, names, remainder, credentials } = readFields(raw, collection.spellings, collection.keptAsWell);
  const parsed = collection.schema.safeParse(picked);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const [field = "", ...within] = issue?.path.map(String) ?? [];
    const called = names[field] ?? collection.spellings[field]?.[0] ?? field;
    return refuse([called, ...within].join("."), issue?.message ?? "cannot be read");
  }
  if (Buffer.byteLength(JSON.stringify(remainder)) > LARGEST_REMAINDER_BYTES)
    return refuse(Object.keys(remainder).join(", "), `take more than ${LARGEST_REMAINDER_BYTES / 1024} KiB together`);
  const taken = { row: parsed.data, remainder };
  return { ...taken, legacyId: id, names, credentials, digest: digestOfRow(id, taken) };
}

/** Reads a batch: the rows that can be taken; those that cannot are noted in the report with the first reason. */
export function readBatch(collection: Collection, rows: LegacyRow[], report: CollectionReport): Accepted[] {
  report.read += rows.length;
  return rows.flatMap((raw) => {
    const outcome = readRow(collection, raw);
    if ("digest" in outcome) return [outcome];
    report.refused.push(outcome);
    return [];
  });
}
