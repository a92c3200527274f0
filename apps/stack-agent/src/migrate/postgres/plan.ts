/** What a migration of a PostgreSQL would do, in words. */
import { COLLECTIONS } from "@kombify/agent-contract";
import type { ISql } from "postgres";
import { tableOf } from "../../engine/naming.ts";
import { DEFAULT_SLUG } from "../../legacy/four.ts";
import { TRANSLATIONS } from "../../legacy/words.ts";
import { refuse } from "../survey.ts";
import { isUnknown, translated } from "../values.ts";
import { describe, OLD_SCHEMA, quoted, renamesOf, type Table, theirsOf } from "./original.ts";
import { postgresRefusals } from "./refusals.ts";
import { addColumns } from "./values.ts";

async function* wordsOf(sql: ISql, table: Table): AsyncGenerator<string> {
  const { collection } = table;
  const from = `${OLD_SCHEMA}.${collection}`;
  const [counted] = await sql.unsafe(`select count(*)::int as count from ${from}`);
  yield `${from} (${counted?.count} rows) becomes ${tableOf(collection, DEFAULT_SLUG)}; a view with its columns and rights takes its name`;
  for (const [old, name] of Object.entries(renamesOf(table))) yield `  column ${old} becomes ${name}`;
  for (const statement of addColumns(collection, "t", theirsOf(table)))
    yield `  column ${statement.replace("alter table t add column ", "")} is added`;
  for (const { name, definition, kind } of table.constraints)
    if (kind !== "p") yield `  rule ${name} is not kept: ${definition}`;
  for (const { column } of TRANSLATIONS[collection].filter((one) => renamesOf(table)[one.column] === undefined)) {
    const translation = TRANSLATIONS[collection].find((one) => one.column === column);
    if (!translation || !table.columns.some(({ name }) => name === column)) continue;
    const unknown = isUnknown({ ...translation, column: "@" }).replace("`@`", `${quoted(column)}::text`);
    const rows = await sql.unsafe(
      `select ${quoted(column)}::text as from, ${translated(translation, `${quoted(column)}::text`)} as to, count(*)::int as count from ${from} where ${unknown} group by 1, 2 order by 3 desc`,
    );
    for (const { from: word, to, count } of rows) yield `  ${column}: ${count} of "${word}" become "${to}"`;
  }
}

/**
 * Every change in words with counts. Changes nothing.
 * @throws ServiceError PRECONDITION when something stands in the way, naming all of it.
 */
export async function postgresPlan(admin: ISql): Promise<string[]> {
  const tables = await describe(admin, OLD_SCHEMA, COLLECTIONS);
  refuse(await postgresRefusals(admin, tables));
  const lines: string[] = [];
  for (const table of tables) for await (const line of wordsOf(admin, table)) lines.push(line);
  return lines;
}
