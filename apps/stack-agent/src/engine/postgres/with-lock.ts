import { setTimeout as delay } from "node:timers/promises";
import { ServiceError } from "@kombify/agent-contract";
import postgres, { type Sql, type TransactionSql } from "postgres";

/** While a statement waits for a table, everybody after it waits too: short, and then they go first. Milliseconds. */
const LOCK_TIMEOUT_MS = 200;
const ATTEMPTS = 25;

// https://www.postgresql.org/docs/current/errcodes-appendix.html: lock_not_available, deadlock_detected
const isBusy = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && (error.code === "55P03" || error.code === "40P01");

/**
 * Changes the tables of namespaces in one transaction, as the only one that does, and tries for about ten seconds to get
 * hold of tables that are in use.
 * @throws ServiceError PRECONDITION when somebody holds them for longer.
 */
export async function changeNamespaces<T>(
  sql: Sql,
  slugs: readonly string[],
  work: (tx: TransactionSql) => Promise<T>,
): Promise<T> {
  const locks = slugs.toSorted().map((slug) => `namespace_${slug}`);
  for (let attempt = 1; ; attempt++) {
    try {
      return (await sql.begin(async (tx) => {
        await tx.unsafe(`set local lock_timeout = '${LOCK_TIMEOUT_MS}ms'`);
        for (const lock of locks) await tx`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`;
        return work(tx);
      })) as T;
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (attempt === ATTEMPTS)
        throw new ServiceError("PRECONDITION", `The records of ${slugs.join(", ")} are in use. Try again later.`, {
          cause: error,
          retryAfterSeconds: 60,
        });
      await delay(LOCK_TIMEOUT_MS);
    }
  }
}
