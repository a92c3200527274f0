/**
 * The only way to the control plane's tables. A connection has no rights until a scope says for whom it acts; the scope
 * lasts one transaction, and row-level security sees it. There is no call that runs a statement without a scope.
 */
import { sql as fragment } from "drizzle-orm";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres, { type PendingQuery, type Row, type Sql } from "postgres";
import type { InstanceId, TenantId, UserId } from "./schema/ids.ts";
import * as schema from "./schema/index.ts";

/** For whom a transaction acts, and so which rows it can see. */
export type Scope =
  | { kind: "tenant"; tenantId: TenantId; userId: UserId }
  /** `sessionId` shows the memberships of the session's person before that person is known. */
  | { kind: "identity"; userId?: UserId; sessionId?: string }
  | { kind: "agent"; instanceId: InstanceId }
  | { kind: "staff"; userId: UserId }
  | { kind: "system" };

export type Transaction = Parameters<Parameters<PostgresJsDatabase<typeof schema>["transaction"]>[0]>[0];

/** A database seen from one scope. */
export interface ScopedDatabase {
  readonly scope: Scope;
  /** Runs `work` in one transaction under the scope's role. Everything or nothing. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * One read in one flush: BEGIN READ ONLY, scope, query, COMMIT travel together, which costs two thirds of awaiting each.
   * Dates arrive as Date objects, columns under the names that the query gives them.
   */
  read<T extends Row>(query: (sql: Sql) => PendingQuery<T[]>): Promise<T[]>;
}

/** One message of the changes channel: something of this noun is different now. */
export interface Change {
  noun: "tenants" | "instances" | "sessions" | "tokens" | "denials" | "rotations" | "webhooks" | "keys";
  /**
   * Of the tenant, of the instance, of the person whose sessions, memberships or tokens changed; for denials the issuer
   * whose tokens are refused from now on; of the rotation, of the event; for keys what they are for (`encryption`, `signing`).
   */
  id: string;
  /** For instances: the desired revision, when it is what changed. */
  revision?: number;
  /** For instances: a heartbeat that said nothing new. */
  isBeat?: boolean;
  /** For instances: the agent was cut off. */
  revoked?: boolean;
}

export interface Database {
  as(scope: Scope): ScopedDatabase;
  /** Calls `onChange` for every committed change, from any process. `onReconnect` runs after the listener was away. */
  listen(onChange: (change: Change) => void, onReconnect: () => void): Promise<{ stop(): Promise<void> }>;
  /** Rejects when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const CHANNEL = "kombify_changes";

/** Tells every process about a change, when the transaction commits. */
export async function notifyChange(tx: Transaction, change: Change): Promise<void> {
  await tx.execute(fragment`select pg_notify(${CHANNEL}, ${JSON.stringify(change)})`);
}

const settingsOf = (scope: Scope) => ({
  role: `kombify_${scope.kind}`,
  tenantId: scope.kind === "tenant" ? scope.tenantId : "",
  userId: "userId" in scope ? (scope.userId ?? "") : "",
  instanceId: scope.kind === "agent" ? scope.instanceId : "",
  sessionId: scope.kind === "identity" ? (scope.sessionId ?? "") : "",
});

/**
 * Opens the database as the log-in role `kombify_web`.
 * @param options.maxConnections of each of the two pools (one for transactions, one for reads); default 10.
 */
export function openDatabase(options: { url: string; maxConnections?: number }): Database {
  const common = { max: options.maxConnections ?? 10, onnotice: () => undefined, connect_timeout: 5 };
  // Drizzle switches off the driver's date parsing on the client that it is given, so plain reads have their own.
  const writer = postgres(options.url, common);
  const reader = postgres(options.url, common);
  const db = drizzle(writer, { schema });

  const as = (scope: Scope): ScopedDatabase => {
    const { role, tenantId, userId, instanceId, sessionId } = settingsOf(scope);
    return {
      scope,
      transaction: (work) =>
        db.transaction(async (tx) => {
          await tx.execute(fragment`select set_config('role', ${role}, true), set_config('app.tenant_id', ${tenantId}, true),
            set_config('app.user_id', ${userId}, true), set_config('app.instance_id', ${instanceId}, true),
            set_config('app.session_id', ${sessionId}, true)`);
          return work(tx);
        }),
      read: async (query) => {
        const connection = await reader.reserve();
        try {
          // Made before anything is sent: a query that cannot be made must not leave a transaction open.
          const statement = query(connection);
          // All four leave together. When one fails, PostgreSQL refuses those after it and COMMIT becomes a rollback;
          // outside a transaction the log-in role may read nothing. So no statement runs without its scope.
          const steps = await Promise.allSettled([
            connection`begin read only`.execute(),
            connection`select set_config('role', ${role}, true), set_config('app.tenant_id', ${tenantId}, true),
              set_config('app.user_id', ${userId}, true), set_config('app.instance_id', ${instanceId}, true),
              set_config('app.session_id', ${sessionId}, true)`.execute(),
            statement.execute(),
            connection`commit`.execute(),
          ]);
          for (const step of steps) if (step.status === "rejected") throw step.reason;
          return await statement;
        } finally {
          connection.release();
        }
      },
    };
  };

  return {
    as,
    async listen(onChange, onReconnect) {
      let isFirst = true;
      const listener = await reader.listen(
        CHANNEL,
        (payload) => onChange(JSON.parse(payload) as Change),
        () => {
          if (!isFirst) onReconnect();
          isFirst = false;
        },
      );
      return { stop: () => listener.unlisten() };
    },
    ping: async () => {
      await reader`select 1`;
    },
    close: async () => {
      await Promise.all([writer.end({ timeout: 5 }), reader.end({ timeout: 5 })]);
    },
  };
}
