/**
 * The connections on which people's requests run. A namespace keeps to one of them as long as that one answers: what
 * PostgreSQL keeps in memory of a namespace, tables, plans and all, it keeps for each connection. See ADR 0010.
 */
import postgres, { type Row, type Sql, type TransactionSql } from "postgres";
import type { RoleNames } from "../naming.ts";
import { connect } from "./connect.ts";
import type { Plans } from "./plans.ts";
import { runAsNamespace } from "./run-as-namespace.ts";
import type { Statement } from "./statements.ts";

/** A connection that has answered nothing for so long waits for a table or works hard; others go elsewhere. */
const STUCK_MS = 50;
/** How long a read waits for a table on a lane, and those behind it with it. Milliseconds. */
const LANE_LOCK_TIMEOUT_MS = 100;
/** How long a read then waits beside the lanes, and a write for the records of another one. Milliseconds. */
const LOCK_TIMEOUT_MS = 10_000;
/** How long reads of a namespace stay beside the lanes after one had to wait. Milliseconds. */
const ASIDE_MS = 1_000;
/** Reads that are sent before their predecessors are answered. */
const MOST_UNDER_WAY = 16;

/** `answeredAt`: when it last had nothing to do or answered, on the clock of performance.now(). */
type Lane = { sql: Sql; reads: number; transactions: number; answeredAt: number };

export type Lanes = {
  /**
   * Runs one statement that changes nothing, under the namespace's own role. It is prepared: what a connection keeps of it
   * is paid for by many reads.
   */
  read(slug: string, statement: Statement): Promise<Row[]>;
  /**
   * Runs statements in one transaction under the namespace's own role. They are not prepared: there are many different
   * ones, most namespaces rarely see any, and what changes something waits for the disk anyway.
   */
  transaction<T>(slug: string, work: (send: Send) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};
export type Send = (statement: Statement) => Promise<Row[]>;

/** Plans that fit any parameter: most namespaces are not read often enough for PostgreSQL to settle on one by itself. */
const PLANNED_ONCE = { plan_cache_mode: "force_generic_plan" };

/** FNV-1a, the hash of Fowler, Noll and Vo: the same lane for a slug in every run. */
function hashOf(slug: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < slug.length; i++) hash = Math.imul(hash ^ slug.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A client of one connection: on such a one, statements run in the order in which they are sent. */
export const connectLane = (url: string, lifetimeS: number): Sql =>
  connect(url, { max: 1, lifetimeS, settings: { lock_timeout: LANE_LOCK_TIMEOUT_MS, ...PLANNED_ONCE } });

/** Connections for reads that wait for a table. */
export const connectAside = (url: string): Sql => connect(url, { max: 4, settings: { lock_timeout: LOCK_TIMEOUT_MS } });

const isLockTimeout = (error: unknown): boolean => error instanceof postgres.PostgresError && error.code === "55P03";

export type LaneOptions = {
  /** See {@link connectLane}. */
  connections: readonly Sql[];
  /** See {@link connectAside}. */
  aside: Sql;
  roles: RoleNames;
  plans: Plans;
};

export function createLanes({ connections, aside, roles, plans }: LaneOptions): Lanes {
  const lanes = connections.map((sql): Lane => ({ sql, reads: 0, transactions: 0, answeredAt: 0 }));
  /** Namespaces whose tables somebody holds, and until when they stay away from the lanes. */
  const held = new Map<string, number>();

  const isFree = (lane: Lane, now: number): boolean =>
    lane.transactions === 0 && (lane.reads === 0 || (lane.reads < MOST_UNDER_WAY && now - lane.answeredAt < STUCK_MS));

  const laneOf = (slug: string): Lane => {
    const now = performance.now();
    const own = lanes[hashOf(slug) % lanes.length] as Lane;
    if (isFree(own, now)) return own;
    const load = ({ reads, transactions }: Lane) => reads + MOST_UNDER_WAY * transactions;
    const byLoad = lanes.toSorted((a, b) => load(a) - load(b));
    return byLoad.find((lane) => isFree(lane, now)) ?? (byLoad[0] as Lane);
  };

  const isHeld = (slug: string): boolean => {
    const until = held.get(slug);
    if (until === undefined || until > performance.now()) return until !== undefined;
    held.delete(slug);
    return false;
  };

  async function readOnLane(slug: string, { text, parameters }: Statement): Promise<Row[]> {
    const lane = laneOf(slug);
    if (lane.reads === 0) lane.answeredAt = performance.now();
    lane.reads += 1;
    try {
      // One after the other without a pause in between, so that nothing of another namespace can come between them.
      const [, rows] = await Promise.all([
        lane.sql.unsafe(`begin read only; set local role ${roles.namespace(slug)}`).execute(),
        lane.sql.unsafe<Row[]>(plans.textOf(slug, text), parameters as never[], { prepare: true }).execute(),
        lane.sql.unsafe("commit").execute(),
      ]);
      return rows;
    } finally {
      lane.reads -= 1;
      lane.answeredAt = performance.now();
    }
  }

  return {
    async read(slug, statement) {
      if (isHeld(slug)) return runAsNamespace(aside, roles.namespace(slug), statement);
      try {
        return await readOnLane(slug, statement);
      } catch (error) {
        if (!isLockTimeout(error)) throw error;
        held.set(slug, performance.now() + ASIDE_MS);
        return runAsNamespace(aside, roles.namespace(slug), statement);
      }
    },
    async transaction<T>(slug: string, work: (send: Send) => Promise<T>) {
      const lane = laneOf(slug);
      lane.transactions += 1;
      const send = (tx: TransactionSql, statement: Statement): Promise<Row[]> =>
        tx.unsafe(statement.text, statement.parameters as never[]);
      try {
        return (await lane.sql.begin(async (tx) => {
          // Sent before whatever the work sends: a query of this driver otherwise starts when somebody waits for it.
          const role = tx
            .unsafe(`set local role ${roles.namespace(slug)}; set local lock_timeout = ${LOCK_TIMEOUT_MS}`)
            .execute();
          const [, result] = await Promise.all([role, work((statement) => send(tx, statement))]);
          return result;
        })) as T;
      } finally {
        lane.transactions -= 1;
        lane.answeredAt = performance.now();
      }
    },
    close: async () => {
      await Promise.all([...connections, aside].map((sql) => sql.end({ timeout: 2 })));
    },
  };
}
