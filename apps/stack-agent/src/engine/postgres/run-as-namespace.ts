import type { Row, Sql } from "postgres";
import type { Statement } from "./statements.ts";

/**
 * Runs one statement in a transaction of its own under a namespace's role, not prepared: for what is rare.
 * @param role of the namespace, from naming.ts: it becomes part of a text.
 */
export async function runAsNamespace(sql: Sql, role: string, { text, parameters }: Statement): Promise<Row[]> {
  const [, rows] = await sql.begin((tx) => [
    tx.unsafe(`set local role ${role}`),
    tx.unsafe<Row[]>(text, parameters as never[]),
  ]);
  return rows;
}
