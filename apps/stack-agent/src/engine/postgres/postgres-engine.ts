import { randomBytes } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import type { Sql } from "postgres";
import { CURRENT_DEFINITION, type NamespaceDefinition } from "../collections.ts";
import type { Engine } from "../engine.ts";
import { roleNames, SCHEMA, slugOfUsersTable } from "../naming.ts";
import { connect, LIFETIME_S } from "./connect.ts";
import { shapeOfDefinition } from "./defined-shape.ts";
import { findDrift } from "./find-drift.ts";
import { connectAside, connectLane, createLanes } from "./lanes.ts";
import { dropNamespace, renameNamespace, replaceNamespace } from "./move-namespace.ts";
import { createNamespaceDdl, renewRole } from "./namespace-ddl.ts";
import { createNamespaceStore } from "./namespace-store.ts";
import { Plans } from "./plans.ts";
import type { NamespaceShape } from "./shape.ts";
import { prepareSharedCollections } from "./shared-schema.ts";
import { createSharedStore } from "./shared-store.ts";
import { createTransfer } from "./transfer.ts";
import { upgradeNamespace } from "./upgrade-namespace.ts";

export type PostgresEngineOptions = {
  /** The agent's own login: no superuser, with CREATEROLE. See provision-database.ts. */
  url: string;
  /** First part of the names of this agent's roles, `ns_` on a cluster of its own. */
  rolePrefix: string;
  /** Connections for requests, see lanes.ts; 4 unless a test says otherwise. */
  maxConnections?: number;
  /** What namespaces consist of; what this agent defines unless a test says otherwise. */
  definition?: NamespaceDefinition;
};

// SET and INHERIT options of role membership came with PostgreSQL 16.
const MIN_SERVER_VERSION = 160_000;

const LANES = 4;
/** Seconds. Lanes are replaced one after the other, so that not all of them are cold at once. */
const LIFETIME_STEP_S = 60;

async function assertUsable(sql: Sql): Promise<string> {
  const [row] = await sql<{ number: number; version: string; isSuperuser: boolean; canCreateRoles: boolean }[]>`
    select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
      rolsuper as "isSuperuser", rolcreaterole as "canCreateRoles" from pg_catalog.pg_roles where rolname = current_user`;
  if (!row || row.number < MIN_SERVER_VERSION)
    throw new ServiceError("PRECONDITION", `PostgreSQL ${row?.version} is too old. Use 16 or newer.`);
  if (row.isSuperuser)
    throw new ServiceError("PRECONDITION", "The engine must not work as a superuser: no wall would hold against it.");
  if (!row.canCreateRoles)
    throw new ServiceError("PRECONDITION", "The database user needs CREATEROLE: every tenant gets a role of its own.");
  return row.version;
}

/**
 * The PostgreSQL engine: tables `{collection}_{slug}` in the schema `stack`, each namespace owned by a role of its own.
 * @throws ServiceError PRECONDITION when the server is too old or the login is a superuser or cannot create roles.
 */
export async function openPostgresEngine(options: PostgresEngineOptions): Promise<Engine> {
  const { definition = CURRENT_DEFINITION } = options;
  const roles = roleNames(options.rolePrefix);
  // For the shared collections.
  const sql = connect(options.url, { max: 4 });
  // DDL waits for locks; it must not keep people's requests from a connection meanwhile.
  const ddl = connect(options.url, { max: 4 });
  let defined: Promise<NamespaceShape> | undefined;
  const definedShape = () => {
    defined ??= shapeOfDefinition(ddl, definition).catch((error: unknown) => {
      defined = undefined;
      throw error;
    });
    return defined;
  };
  const plans = new Plans(async (slug) => {
    await ddl.unsafe(renewRole(roles.namespace(slug)).join(";\n")).simple();
  });
  const lanes = createLanes({
    connections: Array.from({ length: options.maxConnections ?? LANES }, (_, lane) =>
      connectLane(options.url, LIFETIME_S + lane * LIFETIME_STEP_S),
    ),
    aside: connectAside(options.url),
    roles,
    plans,
  });
  const close = async () => {
    await Promise.all([lanes.close(), sql.end({ timeout: 2 }), ddl.end({ timeout: 2 })]);
  };
  try {
    const version = await assertUsable(sql);
    await prepareSharedCollections(ddl, roles);
    return {
      kind: "postgres",
      version: `PostgreSQL ${version}`,
      shared: createSharedStore(sql),
      check: async () => {
        await sql`select`;
      },
      namespaceVersion: definition.version,
      createNamespace: async (slug) => {
        await ddl.unsafe(createNamespaceDdl(slug, roles, definition)).simple();
      },
      upgradeNamespace: async (slug) =>
        upgradeNamespace(ddl, roles, slug, { should: await definedShape(), version: definition.version }),
      // Nobody but this agent comes to the database.
      sealNamespace: async () => undefined,
      findDrift: async () => findDrift(ddl, roles, await definedShape()),
      renameNamespace: (from, to) => renameNamespace(ddl, roles, from, to),
      replaceNamespace: (slug, by) => replaceNamespace(ddl, roles, { slug, by, version: definition.version }),
      transfer: (slug) => createTransfer({ sql: ddl, roles, plans }, slug),
      // Without meaning of its own: whoever issues it stores its hash.
      issueToken: async () => randomBytes(32).toString("base64url"),
      dropNamespace: (slug) => dropNamespace(ddl, roles, slug),
      listNamespaces: async () => {
        const rows = await sql<{ table: string }[]>`
          select tablename as table from pg_catalog.pg_tables where schemaname = ${SCHEMA} and tablename like 'users\\_%'`;
        return rows.map(({ table }) => slugOfUsersTable(table)).filter((slug) => slug !== null);
      },
      namespace: (tenant) => createNamespaceStore(lanes, plans, tenant),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
