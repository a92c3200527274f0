/**
 * The DDL of a namespace as one text, sent in one round trip and run by PostgreSQL as one transaction (a simple-protocol
 * message with several statements): it exists whole or not at all, whenever the process is killed.
 */
import { FIELDS, type Field, type FieldType } from "../collections.ts";
import { indexOf, type RoleNames, SCHEMA, tableOf } from "../naming.ts";
import type { Collection } from "../records.ts";

// Milliseconds, as in JavaScript: a cursor that went through a client still names the exact row.
const COLUMN_TYPES: Record<FieldType, string> = {
  uuid: "uuid",
  text: "text",
  integer: "integer",
  boolean: "boolean",
  timestamp: "timestamptz(3)",
  json: "jsonb",
};

function createTable(collection: Collection, slug: string, constraints: Record<string, string> = {}): string {
  const fields: Field[] = Object.values(FIELDS[collection]);
  const columns = fields.map(({ column, type, isNullable }) => {
    const constraint = constraints[column] ?? (column === "id" ? "primary key" : "");
    return `${column} ${COLUMN_TYPES[type]}${isNullable ? "" : " not null"} ${constraint}`.trimEnd();
  });
  return `create table if not exists ${tableOf(collection, slug)} (${columns.join(", ")})`;
}

const createIndex = (collection: Collection, slug: string, suffix: string, on: string, isUnique = false): string =>
  `create ${isUnique ? "unique " : ""}index if not exists ${indexOf(collection, slug, suffix)} on ${tableOf(collection, slug)} ${on}`;

/** Version n is made by the first n steps. */
const NAMESPACE_STEPS: ReadonlyArray<(slug: string) => string[]> = [
  (slug) => [
    createTable("users", slug),
    createIndex("users", slug, "subject", "(issuer, subject)", true),
    createTable("stacks", slug),
    createIndex("stacks", slug, "name", "(lower(name)) where deleted_at is null", true),
    createIndex("stacks", slug, "created", "(created_at, id)"),
    createTable("nodes", slug, { stack_id: `references ${tableOf("stacks", slug)} (id)` }),
    createIndex("nodes", slug, "name", "(stack_id, lower(name))", true),
    createTable("jobs", slug),
    createIndex("jobs", slug, "created", "(created_at, id)"),
    createIndex("jobs", slug, "open", "(state, run_after) where state in ('pending', 'running')"),
  ],
];

/** Version of the collections that this agent creates and expects. */
export const NAMESPACE_VERSION = NAMESPACE_STEPS.length;

/**
 * Creates a namespace, or brings an existing one from an older version up to date. Running it again changes nothing.
 * @param fromVersion version that the namespace has; 0 for none.
 */
export function createNamespaceDdl(slug: string, roles: RoleNames, fromVersion: number): string {
  const role = roles.namespace(slug);
  // Without INHERIT the agent's own login can touch no tenant's table unless it takes that tenant's role. A new role is
  // granted by the setting and not by a statement, for which PostgreSQL would look through every membership once more.
  const createRole = [
    `set local createrole_self_grant = 'set'`,
    `do $$ begin if to_regrole('${role}') is null then create role ${role} nologin noinherit;
      else grant ${role} to current_user with inherit false, set true; end if; end $$`,
  ];
  return [
    `set local lock_timeout = '5s'`,
    ...(fromVersion === 0 ? createRole : []),
    `grant ${roles.creator} to ${role} with inherit true`,
    `set local role ${role}`,
    ...NAMESPACE_STEPS.slice(fromVersion).flatMap((step) => step(slug)),
    "reset role",
    `revoke ${roles.creator} from ${role}`,
    `update ${SCHEMA}._tenants set namespace_version = ${NAMESPACE_VERSION} where slug = '${slug}'`,
  ].join(";\n");
}

/** Removes a namespace with its role and everything that shared collections know of the tenant. */
export function dropNamespaceDdl(slug: string, roles: RoleNames): string {
  const role = roles.namespace(slug);
  const tables = (["nodes", "jobs", "stacks", "users"] as const).map((collection) => tableOf(collection, slug));
  return [
    `set local lock_timeout = '5s'`,
    `drop table if exists ${tables.join(", ")}`,
    `drop role if exists ${role}`,
    `delete from ${SCHEMA}._tenants where slug = '${slug}'`,
  ].join(";\n");
}
