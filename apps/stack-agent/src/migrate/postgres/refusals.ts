/** What of an old Stack in PostgreSQL cannot be understood, in words that say what would be right. */
import type { ISql } from "postgres";
import { hasColumn, OLD_SCHEMA, quoted, renamesOf, type Table } from "./original.ts";

const ID = "^([a-z0-9]{15}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$";
const tableOf = ({ collection }: Table): string => `${OLD_SCHEMA}.${collection}`;
const shown = (rows: ReadonlyArray<Record<string, unknown>>, field: string): string =>
  rows.map((row) => row[field]).join(", ");

async function* refusalsOf(sql: ISql, tables: readonly Table[]): AsyncGenerator<string> {
  const [stacks, nodes] = ["stacks", "nodes"].map((name) => tables.find(({ collection }) => collection === name));
  if (tables.length === 0)
    yield `The schema ${OLD_SCHEMA} has none of the tables users, stacks, nodes, jobs: there is no single-tenant Stack to migrate.`;
  const views = await sql.unsafe(
    `select distinct v.relname as name, c.relname as table from pg_depend d join pg_rewrite w on w.oid = d.objid
      join pg_class v on v.oid = w.ev_class join pg_class c on c.oid = d.refobjid
      where d.classid = 'pg_rewrite'::regclass and c.relnamespace = '${OLD_SCHEMA}'::regnamespace
        and c.relname = any ($1::text[]) and v.oid <> c.oid limit 5`,
    [tables.map(({ collection }) => collection)],
  );
  for (const { name, table } of views)
    yield `The view ${name} reads ${table}, whose columns change. Drop it, and make it again afterwards.`;
  const others = await sql.unsafe(
    `select distinct k.conrelid::regclass::text as name, c.relname as table from pg_constraint k join pg_class c on c.oid = k.confrelid
      where c.relnamespace = '${OLD_SCHEMA}'::regnamespace and c.relname = any ($1::text[])
        and not (k.conrelid = any (select to_regclass('${OLD_SCHEMA}.' || t) from unnest($2::text[]) t)) limit 5`,
    [
      tables
        .filter((table) => table.columns.some(({ name, type }) => name === "id" && type !== "text"))
        .map(({ collection }) => collection),
      tables.map(({ collection }) => collection),
    ],
  );
  for (const { name, table } of others)
    yield `${name} refers to ${table}, whose ids become texts. Drop that rule, make the column a text, and add it again afterwards.`;
  const taken = await sql`select tablename from pg_tables where schemaname = 'stack' and tablename like '%\\_default'`;
  if (taken.length > 0)
    yield `stack.${shown(taken, "tablename")} exist already, and no migration of this Stack made them.`;
  for (const table of tables) {
    if (hasColumn(table, "extra"))
      yield `${tableOf(table)}.extra has a name that the agent needs for itself. Rename the column.`;
    if (!hasColumn(table, "id")) {
      yield `${tableOf(table)} has no column id. Records need one.`;
      continue;
    }
    const ids = await sql.unsafe(`select id::text from ${tableOf(table)} where id::text !~ '${ID}' limit 5`);
    if (ids.length > 0)
      yield `${table.collection} have ids that are neither 15 lower-case letters and digits nor UUIDs: ${shown(ids, "id")}. Give these records such ids.`;
  }
  if (stacks && hasColumn(stacks, "name")) {
    const live = hasColumn(stacks, "deleted_at") ? "where deleted_at is null" : "";
    const same = await sql.unsafe(
      `select min(name) as name from ${tableOf(stacks)} ${live} group by lower(name) having count(*) > 1 limit 5`,
    );
    if (same.length > 0)
      yield `Two stacks of one homelab cannot share a name, upper and lower case alike: ${shown(same, "name")}. Rename one of each.`;
  }
  if (nodes) {
    const column = hasColumn(nodes, "stack_id") ? "stack_id" : Object.keys(renamesOf(nodes))[0];
    if (!stacks || column === undefined)
      return yield "nodes have no column that names their stack: neither stack_id nor stack nor stackId.";
    const lost = await sql.unsafe(
      `select id::text from ${tableOf(nodes)} n where not exists (select from ${tableOf(stacks)} s where s.id::text = n.${quoted(column)}::text) limit 5`,
    );
    if (lost.length > 0)
      yield `Nodes belong to a stack, and these name none that is there: ${shown(lost, "id")}. Assign them to a stack, or remove them.`;
    const same = await sql.unsafe(
      `select min(name) as name from ${tableOf(nodes)} group by ${quoted(column)}, lower(name) having count(*) > 1 limit 5`,
    );
    if (same.length > 0)
      yield `Two nodes of one stack cannot share a name, upper and lower case alike: ${shown(same, "name")}. Rename one of each.`;
  }
}

export async function postgresRefusals(sql: ISql, tables: readonly Table[]): Promise<string[]> {
  const refusals: string[] = [];
  for await (const refusal of refusalsOf(sql, tables)) refusals.push(refusal);
  return refusals;
}
