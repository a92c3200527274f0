/**
 * What PocketBase keeps of a record and its records API neither shows nor takes: password hashes, the keys of tokens, the
 * times that it sets itself. They go through its SQL endpoint, with values whose form is known and nothing else.
 */
import { ServiceError } from "@kombify/agent-contract";
import type { StoredRecord } from "../transfer.ts";
import type { Client, PocketBaseCollection } from "./client.ts";

export type HiddenColumn = { column: string; key: string; pattern: RegExp; isSecret: boolean };

/** PocketBase takes no longer query (apis/sql.go: 5,000 characters). */
const MAX_QUERY = 4_800;
const ID = /^[a-z0-9-]{1,100}$/;
const COLUMN = /^\w+$/;
/** bcrypt, as PocketBase writes it (https://en.wikipedia.org/wiki/Bcrypt). */
const PASSWORD_HASH = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;
const TOKEN_KEY = /^[A-Za-z0-9_-]{10,100}$/;
const TIME = /^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z)?$/;

/**
 * The hidden columns of a collection. Where nobody logs in with a password, hash and key mean nothing and are left out.
 * Times that PocketBase sets are no secret, only not to be written otherwise.
 */
export function hiddenColumns({ type, fields, ...options }: PocketBaseCollection): HiddenColumn[] {
  const { passwordAuth } = options as { passwordAuth?: { enabled: boolean } };
  const credentials: HiddenColumn[] =
    type === "auth" && passwordAuth?.enabled
      ? [
          { column: "password", key: "passwordHash", pattern: PASSWORD_HASH, isSecret: true },
          { column: "tokenKey", key: "tokenKey", pattern: TOKEN_KEY, isSecret: true },
        ]
      : [];
  const times = fields
    .filter((field) => field.type === "autodate" && COLUMN.test(field.name))
    .map(({ name }) => ({ column: name, key: name, pattern: TIME, isSecret: false }));
  return [...credentials, ...times];
}

/** @returns for each record what its hidden columns hold. */
export async function readHidden(
  client: Client,
  table: string,
  columns: readonly HiddenColumn[],
  records: ReadonlyArray<{ id: string }>,
): Promise<Map<string, Record<string, string>>> {
  const [first, last] = [records[0], records.at(-1)];
  if (!first || !last || columns.length === 0) return new Map();
  const names = columns.map(({ column }) => `\`${column}\``).join(", ");
  const rows = await client.raw(
    `SELECT id, ${names} FROM \`${table}\` WHERE id >= '${checked(first.id, ID)}' AND id <= '${checked(last.id, ID)}' ORDER BY id`,
  );
  return new Map(
    rows.map(([id, ...values]) => [
      String(id),
      Object.fromEntries(columns.map(({ key }, index) => [key, values[index]]).filter(([, value]) => value)) as Record<
        string,
        string
      >,
    ]),
  );
}

function checked(value: string, pattern: RegExp): string {
  if (!pattern.test(value))
    throw new ServiceError("INVALID", "A password hash, key or time of the import does not have the form of one.");
  return value;
}

/** Stores hidden columns of records that are there; a time that a record does not have becomes empty. */
export async function writeHidden(
  client: Client,
  table: string,
  columns: readonly HiddenColumn[],
  records: readonly StoredRecord[],
): Promise<void> {
  let query = "";
  for (const { id, extra } of records) {
    const values = columns.flatMap(({ column, key, pattern }) => {
      const value = extra[key];
      if (value === undefined && pattern !== TIME) return [];
      return [`\`${column}\` = '${checked(String(value ?? ""), pattern)}'`];
    });
    if (values.length === 0) continue;
    const statement = `UPDATE \`${table}\` SET ${values.join(", ")} WHERE id = '${checked(id, ID)}';\n`;
    if (query.length + statement.length > MAX_QUERY) {
      await client.raw(query);
      query = "";
    }
    query += statement;
  }
  if (query) await client.raw(query);
}
