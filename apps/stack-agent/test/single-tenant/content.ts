/** What a PocketBase holds, for comparing before and after. */
import type { Client } from "../../src/engine/pocketbase/client.ts";
import { digestOf } from "../../src/engine/transfer.ts";

/** Every collection's definition and PocketBase's settings, without what it notes itself. */
export async function definitionsOf(client: Client): Promise<unknown> {
  const collections = await client.collections();
  const settings = await client.pb.settings.getAll();
  const named = collections.map(({ created: _c, updated: _u, fields, ...rest }) => [
    rest.name,
    // The fields of a view get new ids each time that it is made.
    { ...rest, fields: rest.type === "view" ? fields.map(({ id: _id, ...field }) => field) : fields },
  ]);
  return { ...Object.fromEntries(named.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))), settings };
}

/**
 * Count and digest of columns of a table, as the database has them.
 * @param columns SQL of what every record is held against.
 */
export async function rowsOf(
  client: Client,
  table: string,
  columns: string,
): Promise<{ count: number; digest: string }> {
  let text = "";
  let count = 0;
  for (let after = ""; ; ) {
    const rows = await client.raw(
      `SELECT id, ${columns} FROM \`${table}\` WHERE id > '${after}' ORDER BY id LIMIT 1000`,
    );
    count += rows.length;
    text += JSON.stringify(rows);
    after = rows.at(-1)?.[0] ?? "";
    if (rows.length < 1_000) return { count, digest: digestOf(text.replaceAll("][", ",")) };
  }
}

/** Columns that no migration touches, by the name of the collection before it. */
export const KEPT: Record<string, string> = {
  users: "password, tokenKey, email, emailVisibility, verified, name, avatar, created, updated",
  stacks: "name, description, code, owner, isPublic, services, config, documents, secret, created, updated",
  nodes: "name, address, cores, tags, metadata, created, updated",
  jobs: "stack_id, progress, message, logs, created, updated",
  notes: "text, author, stack, nodes",
};
