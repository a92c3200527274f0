/**
 * The only way to the control plane's tables. A connection has no rights until a scope says for whom it acts; the scope
 * lasts one transaction, and row-level security sees it. There is no call that runs a statement without a scope.
 */
import { DrizzleQueryError, sql as fragment } from "drizzle-orm";
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
  noun:
    | "tenants"
    | "instances"
    | "sessions"
    | "tokens"
    | "denials"
    | "plan-limits"
    | "rotations"
    | "webhooks"
    | "keys"
    | "authorities"
    | "certificates"
    | "flags"
    | "flag-changes"
    | "flag-documents"
    | "flag-deliveries";
  /**
   * Of the tenant, of the instance, of the person whose sessions, memberships or tokens changed, of the rotation, of the
   * event; for denials the issuer whose tokens are refused from now on, for keys what they are for (`encryption`,
   * `signing`); the fingerprint of the CA that was made, activated or retired; the serial number of the certificate that
   * was revoked; the key of the flag (`segment:` before that of a segment); the tenant whose flags changed or arrived, `*`
   * for all; empty for the plans.
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
  /**
   * Calls `onChange` for every committed change, from any process. `onAway` runs when the listener's connection is lost,
   * `onReconnect` when it stands again: what was committed in between is never heard of.
   */
  listen(
    onChange: (change: Change) => void,
    onReconnect: () => void,
    onAway?: () => void,
  ): Promise<{ stop(): Promise<void> }>;
  /**
   * Moves to another address of the same database, as another log-in role: new work goes there from now on, what is under
   * way ends where it began. Resolves when the move is made; rejects when the address does not work, and nothing is moved.
   */
  moveTo(url: string): Promise<void>;
  /** Rejects when the database does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const CHANNEL = "kombify_changes";

/** Tells every process about a change, when the transaction commits. */
export async function notifyChange(tx: Transaction, change: Change): Promise<void> {
  await tx.execute(fragment`select pg_notify(${CHANNEL}, ${JSON.stringify(change)})`);
}

/** Drizzle's error repeats every parameter, password hashes among them, and errors are logged; the driver's does not. */
function withoutParameters(error: unknown): never {
  throw error instanceof DrizzleQueryError && error.cause ? error.cause : error;
}

/** Seconds to wait before the next try: longer each time, 20 seconds at most. */
const retryDelay =
  (onAway: () => void = () => {}) =>
  (retries: number) => {
    onAway();
    return (0.5 + Math.random() / 2) * Math.min(3 ** retries / 100, 20);
  };

const settingsOf = (scope: Scope) => ({
  role: `kombify_${scope.kind}`,
  tenantId: scope.kind === "tenant" ? scope.tenantId : "",
  userId: "userId" in scope ? (scope.userId ?? "") : "",
  instanceId: scope.kind === "agent" ? scope.instanceId : "",
  sessionId: scope.kind === "identity" ? (scope.sessionId ?? "") : "",
});

/** Connections to one address. */
interface Pools {
  reader: Sql;
  db: PostgresJsDatabase<typeof schema>;
  /** Runs work that the pools must outlive. */
  use<T>(work: (pools: Pools) => Promise<T>): Promise<T>;
  /** Resolves when nothing is under way any more and the connections are closed. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

const QUIET = { onnotice: () => undefined, connect_timeout: 5 };

function openPools(url: string, maxConnections: number): Pools {
  const common = { ...QUIET, max: maxConnections };
  // Drizzle switches off the driver's date parsing on the client that it is given, so plain reads have their own.
  const writer = postgres(url, common);
  const reader = postgres(url, common);
  const close = async () => void (await Promise.all([writer.end({ timeout: 5 }), reader.end({ timeout: 5 })]));
  // The driver refuses what waits for a connection when it ends; so it ends when nothing waits.
  let underWay = 0;
  let isDrained: (() => void) | undefined;
  const pools: Pools = {
    reader,
    db: drizzle(writer, { schema }),
    async use(work) {
      underWay++;
      try {
        return await work(pools);
      } finally {
        underWay--;
        if (underWay === 0) isDrained?.();
      }
    },
    async drain() {
      if (underWay > 0)
        await new Promise<void>((resolve) => {
          isDrained = resolve;
        });
      await close();
    },
    close,
  };
  return pools;
}

/**
 * Opens the database as one of the two log-in roles of web processes.
 * @param options.maxConnections of each of the two pools (one for transactions, one for reads); default 10.
 */
export function openDatabase(options: { url: string; maxConnections?: number }): Database {
  const open = (url: string) => openPools(url, options.maxConnections ?? 10);
  let pools = open(options.url);
  /** Pools that were moved away from and still have work. */
  const draining = new Map<Pools, Promise<void>>();
  /** Listens at another address, beside where it listens now; what comes back ends the earlier listening. */
  const listening = new Set<(url: string) => Promise<() => Promise<void>>>();
  const ears = new Set<Sql>();
  let address = options.url;
  let moving: Promise<unknown> = Promise.resolve();

  const as = (scope: Scope): ScopedDatabase => {
    const { role, tenantId, userId, instanceId, sessionId } = settingsOf(scope);
    return {
      scope,
      transaction: (work) =>
        pools.use(({ db }) =>
          db
            .transaction(async (tx) => {
              await tx.execute(fragment`select set_config('role', ${role}, true), set_config('app.tenant_id', ${tenantId}, true),
              set_config('app.user_id', ${userId}, true), set_config('app.instance_id', ${instanceId}, true),
              set_config('app.session_id', ${sessionId}, true)`);
              return work(tx);
            })
            .catch(withoutParameters),
        ),
      read: (query) =>
        pools.use(async ({ reader }) => {
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
        }),
    };
  };

  async function move(url: string): Promise<void> {
    const next = open(url);
    const ends: Array<() => Promise<void>> = [];
    try {
      await next.reader`select 1`;
      for (const follow of listening) ends.push(await follow(url));
    } catch (error) {
      await next.close();
      throw error;
    }
    const before = pools;
    pools = next;
    address = url;
    for (const end of ends) await end();
    draining.set(
      before,
      before.drain().finally(() => draining.delete(before)),
    );
  }

  return {
    as,
    async listen(onChange, onReconnect, onAway) {
      await moving;
      const listenAt = async (url: string, isLater: boolean) => {
        let isFirst = true;
        // The driver tells nobody that it lost the connection it listens on; but it asks how long to wait before it tries again.
        const ear = postgres(url, { ...QUIET, max: 1, backoff: retryDelay(onAway) });
        ears.add(ear);
        const end = async () => {
          ears.delete(ear);
          await ear.end({ timeout: 5 });
        };
        try {
          await ear.listen(
            CHANNEL,
            (payload) => onChange(JSON.parse(payload) as Change),
            () => {
              if (!isFirst || isLater) onReconnect();
              isFirst = false;
            },
          );
        } catch (error) {
          await end();
          throw error;
        }
        return end;
      };
      let stopListening = await listenAt(address, false);
      const follow = async (url: string) => {
        const later = await listenAt(url, true);
        return async () => {
          const before = stopListening;
          stopListening = later;
          await before();
        };
      };
      listening.add(follow);
      return {
        stop: async () => {
          listening.delete(follow);
          await moving;
          await stopListening();
        },
      };
    },
    moveTo: (url) => {
      const moved = moving.then(() => move(url));
      moving = moved.catch(() => undefined);
      return moved;
    },
    ping: () =>
      pools.use(async ({ reader }) => {
        await reader`select 1`;
      }),
    close: async () => {
      await moving;
      const earlier = [...draining.keys()].map((left) => left.close());
      await Promise.all([pools.close(), ...earlier, ...[...ears].map((ear) => ear.end({ timeout: 5 }))]);
    },
  };
}
