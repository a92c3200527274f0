/** Statements that carry whole records and files. Values are always parameters, names always ours. */
import { FIELDS, type Field } from "../collections.ts";
import { filesTableOf, tableOf } from "../naming.ts";
import type { Collection } from "../records.ts";
import type { FileRef, StoredRecord } from "../transfer.ts";
import { COLUMN_TYPES } from "./namespace-ddl.ts";
import { columnsOf, type Statement } from "./statements.ts";

/** Records after an id, in the order of ids; all of them in the order of ids when there is none. */
export const selectRecords = (collection: Collection, slug: string, after: string, limit: number): Statement => ({
  text: `select ${columnsOf(collection)}, extra from ${tableOf(collection, slug)} where id > $1 order by id limit $2`,
  parameters: [after, limit],
});

export function upsertRecords(collection: Collection, slug: string, records: readonly StoredRecord[]): Statement {
  const entries: [string, Field][] = Object.entries(FIELDS[collection]);
  const columns = [...entries.map(([, field]) => field), { column: "extra", type: "json" } as Field];
  const names = columns.map(({ column }) => column);
  const rows = records.map(({ id, fields, extra }) =>
    Object.fromEntries([
      ...entries.map(([name, { column }]) => [column, name === "id" ? id : (fields[name] ?? null)]),
      ["extra", extra],
    ]),
  );
  const shape = columns.map(({ column, type }) => `${column} ${COLUMN_TYPES[type]}`).join(", ");
  const changes = names.filter((name) => name !== "id").map((name) => `${name} = excluded.${name}`);
  const text = `insert into ${tableOf(collection, slug)} (${names.join(", ")})
    select ${names.join(", ")} from jsonb_to_recordset($1::jsonb) as given (${shape})
    on conflict (id) do update set ${changes.join(", ")}`;
  return { text, parameters: [rows] };
}

export const removeRecords = (collection: Collection, slug: string, ids: readonly string[]): Statement => ({
  text: `delete from ${tableOf(collection, slug)} where id = any ($1::text[])`,
  parameters: [ids],
});

const keyOf = ({ collection, recordId, field, name }: FileRef): string[] => [collection, recordId, field, name];
const KEY = "(collection, record_id, field, name)";

export const selectFiles = (slug: string, after: FileRef | null, limit: number): Statement => ({
  text: `select collection, record_id as "recordId", field, name, size from ${filesTableOf(slug)}
    ${after ? `where ${KEY} > ($2, $3, $4, $5)` : ""} order by collection, record_id, field, name limit $1`,
  parameters: [limit, ...(after ? keyOf(after) : [])],
});

export const selectContent = (slug: string, file: FileRef): Statement => ({
  text: `select content from ${filesTableOf(slug)} where ${KEY} = ($1, $2, $3, $4)`,
  parameters: keyOf(file),
});

/** @param digest SHA-256 of the content, hex. */
export const upsertFile = (slug: string, file: FileRef, content: Uint8Array, digest: string): Statement => ({
  text: `insert into ${filesTableOf(slug)} (collection, record_id, field, name, size, digest, content)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict ${KEY} do update set size = excluded.size, digest = excluded.digest, content = excluded.content`,
  parameters: [...keyOf(file), content.byteLength, digest, content],
});

export const removeFile = (slug: string, file: FileRef): Statement => ({
  text: `delete from ${filesTableOf(slug)} where ${KEY} = ($1, $2, $3, $4)`,
  parameters: keyOf(file),
});
