/**
 * The connections on which people's requests run. A namespace keeps to one of them as long as that one answers: what
 * PostgreSQL keeps in memory of a namespace, tables, plans and all, it keeps for each connection. See ADR 0010.
 */
import type { Row, Sql, TransactionSql } from "postgres";
import type { RoleNames } from "../naming.ts";
import type { Plans } from "./plans.ts";
import type { Statement } from "./statements.ts";

/** A connection that has answered nothing for so long waits for a table or works hard; others go elsewhere. */
const STUCK_MS = 50;
/** Reads that are sent before their predecessors are answered. */
const MOST_UNDER_WAY = 16;

/** `answeredAt`: when it last had nothing to do or answered, on the clock of performance.now(). */
type Lane = { sql: Sql; reads: number; transactions: number; answeredAt: number };

export type Lanes = {
  /** Runs one statement that changes nothing, under the namespace's own role. */
  read(slug: string, statement: Statement): Promise<Row[]>;
  /** Runs statements in one transaction under the namespace's own role. */
  transaction<T>(slug: string, work: (send: Send) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};
export type Send = (statement: Statement) => Promise<Row[]>;

/** FNV-1a, the hash of Fowler, Noll and Vo: the same lane for a slug in every run. */
function hashOf(slug: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < slug.length; i++) hash = Math.imul(hash ^ slug.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** @param connections clients of one connection each: on such a one, statements run in the order in which they are sent. */
export function createLanes(connections: readonly Sql[], roles: RoleNames, plans: Plans): Lanes {
  const lanes = connections.map((sql): Lane => ({ sql, reads: 0, transactions: 0, answeredAt: 0 }));

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

  const textOf = (slug: string, { text }: Statement): string => plans.textOf(slug, text);

  return {
    async read(slug, statement) {
      const lane = laneOf(slug);
      if (lane.reads === 0) lane.answeredAt = performance.now();
      lane.reads += 1;
      try {
        // One after the other without a pause in between, so that nothing of another namespace can come between them.
        const sent = [
          lane.sql.unsafe(`begin read only; set local role ${roles.namespace(slug)}`).execute(),
          lane.sql.unsafe<Row[]>(textOf(slug, statement), statement.parameters as never[], { prepare: true }).execute(),
          lane.sql.unsafe("commit").execute(),
        ] as const;
        const [, rows] = await Promise.all(sent);
        return rows;
      } finally {
        lane.reads -= 1;
        lane.answeredAt = performance.now();
      }
    },
    async transaction<T>(slug: string, work: (send: Send) => Promise<T>) {
      const lane = laneOf(slug);
      lane.transactions += 1;
      const send = (tx: TransactionSql, statement: Statement): Promise<Row[]> =>
        tx.unsafe(textOf(slug, statement), statement.parameters as never[], { prepare: true });
      try {
        return (await lane.sql.begin(async (tx) => {
          // Sent before whatever the work sends: a query of this driver otherwise starts when somebody waits for it.
          const role = tx.unsafe(`set local role ${roles.namespace(slug)}`).execute();
          const [, result] = await Promise.all([role, work((statement) => send(tx, statement))]);
          return result;
        })) as T;
      } finally {
        lane.transactions -= 1;
        lane.answeredAt = performance.now();
      }
    },
    close: async () => {
      await Promise.all(connections.map((sql) => sql.end({ timeout: 2 })));
    },
  };
}
