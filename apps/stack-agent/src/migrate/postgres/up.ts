/** Making a tenant of a single-tenant Stack in PostgreSQL. PostgreSQL changes tables in transactions, so there are two steps. */

import { COLLECTIONS } from "@kombify/agent-contract";
import type { Sql, TransactionSql } from "postgres";
import { v7 as uuid } from "uuid";
import type { Engine } from "../../engine/engine.ts";
import { type RoleNames, tableOf } from "../../engine/naming.ts";
import { ensureRole } from "../../engine/postgres/namespace-ddl.ts";
import { DEFAULT_SLUG, localTenant } from "../../legacy/four.ts";
import { TRANSLATIONS } from "../../legacy/words.ts";
import type { Options, Outcome } from "../migrate-up.ts";
import { refuse } from "../survey.ts";
import { aliasViews } from "./alias-views.ts";
import { describe, OLD_SCHEMA, quoted, renamesOf, type Table, theirsOf } from "./original.ts";
import { postgresRefusals } from "./refusals.ts";
import { addColumns, fillStatements } from "./values.ts";

export type PostgresParts = {
  /** A superuser's connection to the database. */
  admin: Sql;
  /** The agent's own login. */
  agent: Sql;
  engine: Engine;
  roles: RoleNames;
};

export const JOURNAL = "stack._tenancy_journal";

/** What the journal says; null when there is no migration. */
export async function journalOf(admin: Sql): Promise<{ tenantId: string; tables: Table[] } | null> {
  const [exists] = await admin`select to_regclass(${JOURNAL}) is not null as is`;
  if (!exists?.is) return null;
  const [row] = await admin.unsafe(`select content from ${JOURNAL}`);
  return row?.content ?? null;
}

/** What a table of the old Stack needs so that it is one of the namespace, but for what the engine mends itself. */
function* movingOf(table: Table, role: string): Generator<string> {
  const { collection } = table;
  const to = tableOf(collection, DEFAULT_SLUG);
  yield `alter table ${OLD_SCHEMA}.${collection} set schema stack`;
  yield `alter table stack.${collection} rename to ${to.split(".")[1]}`;
  for (const [from, name] of Object.entries(renamesOf(table)))
    yield `alter table ${to} rename column ${quoted(from)} to ${name}`;
  // Old words are translated, which old rules would not allow, nor a type of its own with a list of words.
  for (const { name, kind } of table.constraints)
    if (kind === "c") yield `alter table ${to} drop constraint ${quoted(name)}`;
  const theirs = theirsOf(table);
  for (const { column } of TRANSLATIONS[collection])
    if (theirs.has(column))
      yield `alter table ${to} alter column ${column} drop default, alter column ${column} type text using ${column}::text`;
  yield* addColumns(collection, to, theirs);
  yield* fillStatements(collection, to, theirs);
  yield `alter table ${to} owner to ${role}`;
}

async function move(tx: TransactionSql, tables: Table[], tenantId: string, role: string): Promise<void> {
  await tx.unsafe(`create table ${JOURNAL} (content jsonb not null)`);
  await tx`insert into stack._tenancy_journal values (${tx.json({ tenantId, tables })})`;
  for (const { collection } of tables) await tx.unsafe(`lock table ${OLD_SCHEMA}.${collection}`);
  // References between the four stand in the way while their columns get another type; the engine makes its own.
  for (const { collection, constraints } of tables)
    for (const { name, kind } of constraints)
      if (kind === "f") await tx.unsafe(`alter table ${OLD_SCHEMA}.${collection} drop constraint ${quoted(name)}`);
  for (const table of tables) for (const statement of movingOf(table, role)) await tx.unsafe(statement);
}

/** The tenant, not open yet; the one of an earlier try if there was one. */
async function makeTenant({ engine }: PostgresParts): Promise<string> {
  const known = await engine.shared.findTenant(DEFAULT_SLUG);
  const tenantId = known?.orgId.startsWith("local:") ? known.id : uuid();
  await engine.shared.saveTenant(localTenant(tenantId), "creating");
  return tenantId;
}

/** @throws ServiceError PRECONDITION when something stands in the way; nothing was touched then. */
export async function postgresUp(parts: PostgresParts, { say, signal }: Options): Promise<Outcome> {
  const { admin, agent, engine, roles } = parts;
  const known = await journalOf(admin);
  if (known && (await engine.shared.findTenant(known.tenantId))?.state === "ready") return "already done";
  if (!known) {
    const tables = await describe(admin, OLD_SCHEMA, COLLECTIONS);
    refuse(await postgresRefusals(admin, tables));
    await agent.unsafe(ensureRole(roles.namespace(DEFAULT_SLUG)).join(";\n")).simple();
    signal.throwIfAborted();
    say("1/3 move: rename the tables, add and fill fields");
    const tenantId = await makeTenant(parts);
    await admin.begin((tx) => move(tx, tables, tenantId, roles.namespace(DEFAULT_SLUG)));
    say(`1/3 move done: ${tables.length} tables`);
  }
  const journal = await journalOf(admin);
  if (!journal) throw new Error("The journal is gone.");
  signal.throwIfAborted();
  say("2/3 complete: the tenant's own indexes, references and types");
  await engine.upgradeNamespace(DEFAULT_SLUG);
  say("2/3 complete done");
  signal.throwIfAborted();
  say("3/3 open: views under the old names, and the tenant");
  await admin.begin(async (tx) => {
    for (const statement of aliasViews(journal.tables, roles.namespace(DEFAULT_SLUG))) await tx.unsafe(statement);
    await tx`update stack._tenants set state = 'ready' where id = ${journal.tenantId}`;
  });
  say("3/3 open done");
  return "done";
}
