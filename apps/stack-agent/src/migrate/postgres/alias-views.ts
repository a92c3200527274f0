/**
 * The old names as views over the tenant's tables, for old clients of the database: the same columns, the same rights, this
 * one tenant. They belong to the namespace's own role, so they can show nothing else.
 */
import { tableOf } from "../../engine/naming.ts";
import { DEFAULT_SLUG } from "../../legacy/four.ts";
import { hasColumn, OLD_SCHEMA, quoted, renamesOf, type Table, theirsOf } from "./original.ts";
import { completing } from "./values.ts";

const functionOf = ({ collection }: Table): string => `stack._complete_${collection}_${DEFAULT_SLUG}`;

function viewOf(table: Table, role: string): string[] {
  const { collection, columns, owner, grants } = table;
  const renames = renamesOf(table);
  const list = columns.map(({ name }) => (renames[name] ? `${renames[name]} as ${quoted(name)}` : quoted(name)));
  const alive = collection === "stacks" && !hasColumn(table, "deleted_at") ? " where deleted_at is null" : "";
  const view = `${OLD_SCHEMA}.${collection}`;
  const all = [...grants, { grantee: quoted(owner), privileges: "SELECT, INSERT, UPDATE, DELETE" }];
  const rights = all.map(
    ({ grantee, privileges }) =>
      [grantee, privileges.split(", ").filter((one) => /^(SELECT|INSERT|UPDATE|DELETE)$/.test(one))] as const,
  );
  return [
    `create view ${view} with (security_barrier) as select ${list.join(", ")} from ${tableOf(collection, DEFAULT_SLUG)}${alive}`,
    `alter view ${view} owner to ${role}`,
    ...rights
      .filter(([, given]) => given.length > 0)
      .map(([grantee, given]) => `grant ${given.join(", ")} on ${view} to ${grantee}`),
  ];
}

/** Old clients leave out what they do not know; the agent leaves out nothing. */
function triggerOf(table: Table): string[] {
  const name = functionOf(table);
  const to = tableOf(table.collection, DEFAULT_SLUG);
  return [
    `create or replace function ${name}() returns trigger language plpgsql set search_path = '' as $body$ begin
      ${completing(table.collection, theirsOf(table))}
      return new; end $body$`,
    `create or replace trigger _complete before insert or update on ${to} for each row execute function ${name}()`,
  ];
}

/** Statements that make the views; run by a superuser, in one transaction. */
export const aliasViews = (tables: readonly Table[], role: string): string[] =>
  tables.flatMap((table) => [...triggerOf(table), ...viewOf(table, role)]);

/** Statements that take them away. */
export const dropAliasViews = (tables: readonly Table[]): string[] =>
  tables.flatMap((table) => [
    `drop view if exists ${OLD_SCHEMA}.${table.collection}`,
    `drop trigger if exists _complete on ${tableOf(table.collection, DEFAULT_SLUG)}`,
    `drop function if exists ${functionOf(table)}()`,
  ]);
