/** The way back in PostgreSQL, in one transaction: the old tables as they were, with the rows that came since. */
import { COLLECTIONS, ServiceError } from "@kombify/agent-contract";
import postgres, { type TransactionSql } from "postgres";
import { tableOf } from "../../engine/naming.ts";
import { DEFAULT_SLUG } from "../../legacy/four.ts";
import type { Options, Outcome } from "../migrate-up.ts";
import { dropAliasViews } from "./alias-views.ts";
import { describe, hasColumn, OLD_SCHEMA, quoted, renamesOf, type Table, theirsOf } from "./original.ts";
import { JOURNAL, journalOf, type PostgresParts } from "./up.ts";
import { restoreStatements } from "./values.ts";

const at = ({ collection }: Table): string => `${OLD_SCHEMA}.${collection}`;
const isSame = (a: Table["indexes"][number], b: Table["indexes"][number]): boolean =>
  a.name === b.name && a.definition === b.definition;

/** Rules and indexes that were not there. Of all tables first: a reference holds two columns to one type. */
function* dropping(table: Table, now: Table): Generator<string> {
  for (const rule of now.constraints)
    if (!table.constraints.some((one) => isSame(one, rule)))
      yield `alter table ${at(table)} drop constraint if exists ${quoted(rule.name)} cascade`;
  for (const { name } of now.indexes) yield `drop index if exists ${OLD_SCHEMA}.${quoted(name)}`;
}

/** Columns by their old names, with their old types; those that were added go. */
function* restoring(table: Table, now: Table): Generator<string> {
  const renames = renamesOf(table);
  const theirs = theirsOf(table);
  for (const { name } of now.columns)
    if (!theirs.has(name)) yield `alter table ${at(table)} drop column ${quoted(name)}`;
  for (const [from, to] of Object.entries(renames))
    yield `alter table ${at(table)} rename column ${to} to ${quoted(from)}`;
  for (const column of table.columns) {
    const is = now.columns.find(({ name }) => name === (renames[column.name] ?? column.name));
    const change = (what: string) => `alter table ${at(table)} alter column ${quoted(column.name)} ${what}`;
    if (is?.type !== column.type) {
      yield change("drop default");
      yield change(`type ${column.type} using ${quoted(column.name)}::${column.type.replace(/ collate .*/, "")}`);
    }
    yield change(column.value === null ? "drop default" : `set default ${column.value}`);
    if (column.isRequired !== is?.isRequired) yield change(column.isRequired ? "set not null" : "drop not null");
  }
}

/** Rules, in an order in which they can come: a reference needs the key that it refers to. */
function* ruling(table: Table, now: Table, isReference: boolean): Generator<string> {
  for (const rule of table.constraints)
    if ((rule.kind === "f") === isReference && !now.constraints.some((one) => isSame(one, rule)))
      yield `alter table ${at(table)} add constraint ${quoted(rule.name)} ${rule.definition}`;
}

function* owning(table: Table): Generator<string> {
  for (const { definition } of table.indexes) yield definition;
  yield `alter table ${at(table)} owner to ${quoted(table.owner)}`;
  for (const { grantee, privileges } of table.grants) yield `grant ${privileges} on ${at(table)} to ${grantee}`;
}

async function goBack(tx: TransactionSql, tables: Table[], tenantId: string, { roles }: PostgresParts): Promise<void> {
  const run = async (statements: Iterable<string>) => {
    for (const statement of statements) await tx.unsafe(statement);
  };
  await run(dropAliasViews(tables));
  const stacks = tables.find(({ collection }) => collection === "stacks");
  if (stacks && !hasColumn(stacks, "deleted_at")) {
    const gone = `select id from ${tableOf("stacks", DEFAULT_SLUG)} where deleted_at is not null`;
    for (const collection of ["nodes", "jobs"] as const)
      await tx.unsafe(`delete from ${tableOf(collection, DEFAULT_SLUG)} where stack_id in (${gone})`);
    await tx.unsafe(`delete from ${tableOf("stacks", DEFAULT_SLUG)} where deleted_at is not null`);
  }
  for (const table of tables) {
    const from = tableOf(table.collection, DEFAULT_SLUG);
    await run(restoreStatements(table.collection, from, theirsOf(table)));
    await run([
      `alter table ${from} set schema ${OLD_SCHEMA}`,
      `alter table ${OLD_SCHEMA}.${table.collection}_${DEFAULT_SLUG} rename to ${table.collection}`,
      `alter table ${OLD_SCHEMA}.${table.collection} owner to current_user`,
    ]);
  }
  const found = async () => {
    const now = await describe(tx, OLD_SCHEMA, COLLECTIONS);
    return tables.map(
      (table) => [table, now.find(({ collection }) => collection === table.collection) as Table] as const,
    );
  };
  const moved = await found();
  for (const [table, now] of moved) await run(dropping(table, now));
  for (const [table, now] of moved) await run(restoring(table, now));
  const restored = await found();
  for (const isReference of [false, true])
    for (const [table, now] of restored) await run(ruling(table, now, isReference));
  for (const table of tables) await run(owning(table));
  for (const made of COLLECTIONS.filter((collection) => !tables.some((table) => table.collection === collection)))
    await tx.unsafe(`drop table if exists ${tableOf(made, DEFAULT_SLUG)}`);
  const role = roles.namespace(DEFAULT_SLUG);
  await tx
    .unsafe(`drop table if exists stack.files_${DEFAULT_SLUG}; drop owned by ${role}; drop role ${role}`)
    .simple();
  await tx`delete from stack._tenants where id = ${tenantId}`;
  await tx.unsafe(`drop table ${JOURNAL}`);
}

/** @throws ServiceError PRECONDITION when there is nothing to go back from, or the agent's jobs are not finished. */
export async function postgresDown(parts: PostgresParts, { say }: Options): Promise<Outcome> {
  const journal = await journalOf(parts.admin);
  if (!journal)
    throw new ServiceError(
      "PRECONDITION",
      "No migration was begun on this PostgreSQL: there is nothing to go back from.",
    );
  const [open] = await parts.admin.unsafe(
    `select count(*)::int as count from ${tableOf("jobs", DEFAULT_SLUG)} where (state = 'running' and lease_owner is not null) or (state = 'pending' and type = 'destroy')`,
  );
  if (open?.count > 0)
    throw new ServiceError(
      "PRECONDITION",
      `${open?.count} jobs of the agent are not finished. Start the agent until they are, stop it, and go back then.`,
    );
  say("1/1 back: tables, columns, rules and rights as they were");
  await parts.admin
    .begin((tx) => goBack(tx, journal.tables, journal.tenantId, parts))
    .catch((cause: unknown) => {
      if (!(cause instanceof postgres.PostgresError) || !/^(23|22)/.test(cause.code)) throw cause;
      const words = `Rows that came since do not fit the old tables: ${cause.message}. Change them, and go back then; nothing was changed yet.`;
      throw new ServiceError("PRECONDITION", words, { cause });
    });
  say("1/1 back done");
  return "done";
}
