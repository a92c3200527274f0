import type { PendingQuery, Row, Sql, TransactionSql } from "postgres";
import type { RoleNames } from "../naming.ts";
import type { Statement } from "./statements.ts";
import { translate } from "./translate.ts";

type SendOptions = { prepare: boolean };

const send = (tx: TransactionSql, { text, parameters }: Statement, options: SendOptions): PendingQuery<Row[]> =>
  tx.unsafe(text, parameters as never[], options);

const takeRole = (tx: TransactionSql, role: string) => tx`select set_config('role', ${role}, true)`;

/**
 * Runs one statement in a transaction under the namespace's own role, which the database itself keeps from every other
 * table. It is not prepared: what carries a namespace passes each one once.
 * @throws ServiceError in our own words for what PostgreSQL refused, see translate.ts.
 */
export async function runAsNamespace(sql: Sql, roles: RoleNames, slug: string, statement: Statement): Promise<Row[]> {
  const role = roles.namespace(slug);
  try {
    const [, rows] = await sql.begin((tx) => [takeRole(tx, role), send(tx, statement, { prepare: false })]);
    return rows;
  } catch (error) {
    throw translate(error);
  }
}
