import postgres, { type Sql } from "postgres";

async function withServer<T>(superuserUrl: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = postgres(superuserUrl, { max: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

const exists = async (sql: Sql, name: string): Promise<boolean> =>
  (await sql`select from pg_database where datname = ${name}`).length > 0;

/** Whether the server has a database of this name. */
export const databaseExists = (superuserUrl: string, name: string): Promise<boolean> =>
  withServer(superuserUrl, (sql) => exists(sql, name));

/** Creates the database unless it is there. @returns whether it was created now. */
export function createDatabase(superuserUrl: string, name: string): Promise<boolean> {
  return withServer(superuserUrl, async (sql) => {
    if (await exists(sql, name)) return false;
    await sql`create database ${sql(name)}`;
    return true;
  });
}
