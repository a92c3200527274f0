/** A namespace gets another name or goes: tables, indexes, rules and role, and what is said of its tenant. */
import { ServiceError } from "@kombify/agent-contract";
import type { Sql, TransactionSql } from "postgres";
import { type RoleNames, SCHEMA } from "../naming.ts";
import { asOwner, dropTables } from "./namespace-ddl.ts";
import { isOfNamespace, TABLES } from "./shape.ts";
import { changeNamespaces } from "./with-lock.ts";

/** Names as they are in the catalog, `$1` being the tables: of these, of their indexes and of other rules. */
const NAMES = `
  with tables as (select c.oid, c.relname from pg_catalog.pg_class c where ${isOfNamespace} and c.relname = any ($1::text[]))
  select 'table' as kind, relname as table, relname as name from tables
  union all select 'index', t.relname, x.relname from tables t join pg_catalog.pg_index i on i.indrelid = t.oid
    join pg_catalog.pg_class x on x.oid = i.indexrelid
  union all select 'rule', t.relname, k.conname from tables t join pg_catalog.pg_constraint k on k.conrelid = t.oid
    where k.contype in ('f', 'c', 'n')`;
type Name = { kind: "table" | "index" | "rule"; table: string; name: string };

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const tablesOf = (slug: string): string[] => TABLES.map((table) => `${table}_${slug}`);

const namesOf = (tx: TransactionSql, slug: string): Promise<Name[]> => tx.unsafe<Name[]>(NAMES, [tablesOf(slug)]);

function renameStatement({ kind, table, name }: Name, from: string, to: string): string {
  const rest = table.slice(0, -from.length) + to;
  const next = quoted(name.startsWith(table) ? rest + name.slice(table.length) : name);
  if (kind === "table") return `alter table ${SCHEMA}.${table} rename to ${next}`;
  if (kind === "index") return `alter index ${SCHEMA}.${quoted(name)} rename to ${next}`;
  return `alter table ${SCHEMA}.${table} rename constraint ${quoted(name)} to ${next}`;
}

/** Names that start with their table's name follow it; somebody's own stay. Tables last: the others are found by them. */
function moveStatements(names: Name[], roles: RoleNames, from: string, to: string): string[] {
  const moved = names.filter(({ table, name }) => name.startsWith(table));
  const inOrder = [...moved.filter(({ kind }) => kind !== "table"), ...moved.filter(({ kind }) => kind === "table")];
  const [old, next] = [roles.namespace(from), roles.namespace(to)];
  return [
    ...asOwner(
      old,
      roles,
      inOrder.map((name) => renameStatement(name, from, to)),
    ),
    `alter role ${old} rename to ${next}`,
  ];
}

const run = (tx: TransactionSql, statements: string[]) => tx.unsafe(statements.join(";\n")).simple();

const noNamespace = (slug: string) => new ServiceError("NOT_FOUND", `There is no namespace ${slug} on this host.`);

/** See Engine.renameNamespace. */
export async function renameNamespace(sql: Sql, roles: RoleNames, from: string, to: string): Promise<void> {
  const next = roles.namespace(to);
  await changeNamespaces(sql, [from, to], async (tx) => {
    const names = await namesOf(tx, from);
    if (names.length === 0) throw noNamespace(from);
    const [taken] = await tx`select from pg_catalog.pg_roles where rolname = ${next}
      union all select from stack._tenants where slug = ${to}`;
    if (taken || (await namesOf(tx, to)).length > 0)
      throw new ServiceError("CONFLICT", `There is a namespace ${to} on this host already. Choose another slug.`);
    await run(tx, moveStatements(names, roles, from, to));
    await tx`update stack._tenants set slug = ${to} where slug = ${from}`;
  });
}

/** See Engine.replaceNamespace. The tenant that is known under `slug` stays, and what is known under `by` goes. */
export async function replaceNamespace(
  sql: Sql,
  roles: RoleNames,
  { slug, by, version }: { slug: string; by: string; version: number },
): Promise<void> {
  await changeNamespaces(sql, [slug, by], async (tx) => {
    const names = await namesOf(tx, by);
    if (names.length === 0) throw noNamespace(by);
    if ((await namesOf(tx, slug)).length === 0) throw noNamespace(slug);
    await run(tx, [...dropTables(slug, roles), ...moveStatements(names, roles, by, slug)]);
    await tx`update stack._tenants set namespace_version =
      coalesce((select namespace_version from stack._tenants where slug = ${by}), ${version}) where slug = ${slug}`;
    await tx`delete from stack._tenants where slug = ${by}`;
  });
}

/** See Engine.dropNamespace. */
export async function dropNamespace(sql: Sql, roles: RoleNames, slug: string): Promise<void> {
  const statements = dropTables(slug, roles);
  await changeNamespaces(sql, [slug], async (tx) => {
    await run(tx, [
      ...statements,
      `delete from ${SCHEMA}._feature_flags f using ${SCHEMA}._tenants t where t.slug = '${slug}' and f.id = t.id::text`,
      `delete from ${SCHEMA}._tenants where slug = '${slug}'`,
    ]);
  });
}
