/**
 * The agent's own login and database. The agent works as a role that is no superuser, so that PostgreSQL itself refuses
 * what a wrong query asks for.
 */
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import postgres, { type Sql } from "postgres";
import { z } from "zod";

export type ProvisionOptions = {
  /** A login that may create roles and databases, connected to the database that the agent shall use. */
  adminUrl: string;
  /** Name of the agent's role. */
  role: string;
  /** Where its generated password is kept, mode 0600. */
  passwordFile: string;
};

const passwordSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

async function readOrCreatePassword(file: string): Promise<string> {
  const known = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (known !== null) return passwordSchema.parse(known.trim());
  const password = randomBytes(32).toString("base64url");
  await writeFile(`${file}.new`, `${password}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return password;
}

async function ensureRole(sql: Sql, role: string, password: string, database: string): Promise<void> {
  const [existing] = await sql`select from pg_roles where rolname = ${role}`;
  // Utility statements take no parameters; the password is base64url and the role's name comes from our own code.
  const options = `login createrole nosuperuser nobypassrls password '${password}'`;
  await sql.unsafe(`${existing ? "alter" : "create"} role "${role}" ${options}`);
  await sql.unsafe(`grant connect, create, temporary on database "${database.replaceAll('"', '""')}" to "${role}"`);
  await sql.unsafe(`revoke connect, temporary on database "${database.replaceAll('"', '""')}" from public`);
}

/**
 * Makes sure that the agent's role exists and may work in the database, and gives the URL to log in as it. A login that
 * is no superuser is used as it is: whoever runs the cluster has made it for the agent.
 */
export async function provisionDatabase(options: ProvisionOptions): Promise<string> {
  const sql = postgres(options.adminUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10 });
  try {
    const [self] = await sql<{ isSuperuser: boolean; database: string }[]>`
      select rolsuper as "isSuperuser", current_database() as database from pg_roles where rolname = current_user`;
    if (!self?.isSuperuser) return options.adminUrl;
    const password = await readOrCreatePassword(options.passwordFile);
    await ensureRole(sql, options.role, password, self.database);
    return Object.assign(new URL(options.adminUrl), { username: options.role, password }).toString();
  } finally {
    await sql.end({ timeout: 5 });
  }
}
