/**
 * The DDL of a namespace as one text, sent in one round trip and run by PostgreSQL as one transaction (a simple-protocol
 * message with several statements): it exists whole or not at all, whenever the process is killed.
 */
import { COLLECTIONS } from "@kombify/agent-contract";
import type { Field, FieldType, Index, NamespaceDefinition } from "../collections.ts";
import { filesTableOf, indexOf, type RoleNames, SCHEMA, tableOf } from "../naming.ts";
import type { Collection } from "../records.ts";

// Milliseconds, as in JavaScript: a cursor that went through a client still names the exact row.
export const COLUMN_TYPES: Record<FieldType, string> = {
  // In the order of bytes whatever the cluster's locale, as every other engine orders ids.
  id: 'text collate "C"',
  text: "text",
  integer: "integer",
  boolean: "boolean",
  timestamp: "timestamptz(3)",
  json: "jsonb",
};

const literal = (value: unknown): string => `'${JSON.stringify(value).replaceAll("'", "''")}'`;

function columnText(slug: string, { column, type, isNullable, references, initial }: Field): string {
  const parts = [column, COLUMN_TYPES[type]];
  if (!isNullable) parts.push("not null");
  if (column === "id") parts.push("primary key");
  if (initial !== undefined) parts.push(`default ${literal(initial)}`);
  if (references) parts.push(`references ${tableOf(references, slug)} (id)`);
  return parts.join(" ");
}

function createTable(collection: Collection, slug: string, fields: Readonly<Record<string, Field>>): string {
  const columns = Object.values(fields).map((field) => columnText(slug, field));
  return `create table if not exists ${tableOf(collection, slug)} (${columns.join(", ")})`;
}

const partText = (part: Index["on"][number]): string =>
  typeof part === "string" ? part : `lower(${part.ignoringCase})`;

function whereText(where: Index["where"]): string {
  if (!where) return "";
  if ("isUnset" in where) return ` where ${where.isUnset} is null`;
  return ` where ${where.column} in (${where.isOneOf.map((value) => `'${value}'`).join(", ")})`;
}

const createIndex = (collection: Collection, slug: string, { suffix, on, isUnique, where }: Index): string =>
  `create ${isUnique ? "unique " : ""}index if not exists ${indexOf(collection, slug, suffix)}
    on ${tableOf(collection, slug)} (${on.map(partText).join(", ")})${whereText(where)}`;

/** The tables and indexes of a namespace, without whose they are. */
export const createCollections = (slug: string, definition: NamespaceDefinition): string[] =>
  COLLECTIONS.flatMap((collection) => [
    createTable(collection, slug, definition.collections[collection].fields),
    ...definition.collections[collection].indexes.map((index) => createIndex(collection, slug, index)),
  ]);

/** Makes sure that a namespace's role is there and that the agent may take it, and nothing more. */
export const ensureRole = (role: string): string[] => [
  // Without INHERIT the agent's own login can touch no tenant's table unless it takes that tenant's role. A new role is
  // granted by the setting and not by a statement, for which PostgreSQL would look through every membership once more.
  `set local createrole_self_grant = 'set'`,
  `do $$ begin if to_regrole('${role}') is null then create role ${role} nologin noinherit;
    else grant ${role} to current_user with inherit false, set true; end if; end $$`,
];

/** Takes the right to a role away and gives it back in one transaction: every connection hears that it changed. */
export const renewRole = (role: string): string[] => [
  `grant ${role} to current_user with inherit false, set false`,
  `grant ${role} to current_user with inherit false, set true`,
];

/** Statements run by a namespace's role, which may create tables only while they run. */
export const asOwner = (role: string, roles: RoleNames, statements: readonly string[]): string[] => [
  `grant ${roles.creator} to ${role} with inherit true`,
  `set local role ${role}`,
  ...statements,
  "reset role",
  `revoke ${roles.creator} from ${role}`,
];

/** Creates a namespace, or completes one that has some of its tables. Running it again changes nothing. */
export function createNamespaceDdl(slug: string, roles: RoleNames, definition: NamespaceDefinition): string {
  const role = roles.namespace(slug);
  return [
    `set local lock_timeout = '5s'`,
    ...ensureRole(role),
    ...asOwner(role, roles, createCollections(slug, definition)),
    // Tables of an older version that are there already stay as they are, and are still said to be.
    `update ${SCHEMA}._tenants set namespace_version = ${definition.version} where slug = '${slug}' and namespace_version = 0`,
  ].join(";\n");
}

/** Removes the tables and the role of a namespace, whichever of them are there. */
export const dropTables = (slug: string, roles: RoleNames): string[] => [
  `drop table if exists ${[...COLLECTIONS.map((collection) => tableOf(collection, slug)), filesTableOf(slug)].join(", ")}`,
  `drop role if exists ${roles.namespace(slug)}`,
];
