/** Brings a database to the current schema and gives the two log-in roles their passwords. */
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as applyMigrations } from "drizzle-orm/postgres-js/migrator";
import { runMigrations as migrateQueue } from "graphile-worker";
import postgres from "postgres";
import { WEB_LOGINS, WORKER_LOGINS, withLogin } from "./logins.ts";
import { scramVerifier } from "./scram-verifier.ts";

export const MIGRATIONS_FOLDER = fileURLToPath(new URL("../migrations", import.meta.url));

export interface MigrateOptions {
  /** Connection of the account that owns the tables; it may create roles. Used here and nowhere else. */
  ownerUrl: string;
  /** Password of the log-in role of every web process. */
  webPassword: string;
  /** Password of the log-in role of the queue. */
  workerPassword: string;
  /** Which twin each password is of: the first, unless it was exchanged since. The other one is left as it is. */
  webLogin?: (typeof WEB_LOGINS)[number];
  workerLogin?: (typeof WORKER_LOGINS)[number];
}

/** What the processes connect with, derived from the owner's address. */
export interface DatabaseUrls {
  web: string;
  worker: string;
}

const loginsOf = ({ webLogin, workerLogin }: MigrateOptions) => ({
  web: webLogin ?? WEB_LOGINS[0],
  worker: workerLogin ?? WORKER_LOGINS[0],
});

/** Addresses of the two log-in roles on the owner's database. */
export function databaseUrls(options: MigrateOptions): DatabaseUrls {
  const { web, worker } = loginsOf(options);
  return {
    web: withLogin(options.ownerUrl, web, options.webPassword),
    worker: withLogin(options.ownerUrl, worker, options.workerPassword),
  };
}

/**
 * Applies every outstanding migration; safe to run twice and by two processes at once (an advisory lock lets one wait).
 * @throws when a migration fails: the process that called must not start.
 */
export async function migrate(options: MigrateOptions): Promise<DatabaseUrls> {
  const sql = postgres(options.ownerUrl, { max: 1, onnotice: () => undefined });
  try {
    await sql`select pg_advisory_lock(hashtext('kombify migrate'))`;
    await applyMigrations(drizzle(sql), { migrationsFolder: MIGRATIONS_FOLDER });
    const logins = loginsOf(options);
    for (const [role, password] of [
      [logins.web, options.webPassword],
      [logins.worker, options.workerPassword],
    ] as const) {
      const verifier = await scramVerifier(password);
      const [row] = await sql<{ statement: string }[]>`
        select format('alter role %I login password %L', ${role}::text, ${verifier}::text) as statement`;
      if (row) await sql.unsafe(row.statement);
    }
    const urls = databaseUrls(options);
    // The queue's own migrations say "create schema if not exists", which asks for this right even when it exists.
    const database = new URL(options.ownerUrl).pathname.slice(1);
    await sql`grant create on database ${sql(database)} to kombify_worker`;
    await migrateQueue({ connectionString: urls.worker });
    await sql`revoke create on database ${sql(database)} from kombify_worker`;
    await sql`set role kombify_worker`;
    await sql.unsafe(QUEUE_FUNCTIONS);
    return urls;
  } finally {
    await sql.end();
  }
}

// Adding a job is all that a scope role may do with the queue; staff may count. Both functions run with the queue's own rights.
const QUEUE_FUNCTIONS = `
  create or replace function graphile_worker.enqueue(name text, payload json, key text, run_at timestamptz)
  returns void language sql security definer set search_path = pg_catalog, graphile_worker as $$
    select graphile_worker.add_job(name, payload, job_key := key, run_at := run_at, max_attempts := 25)
  $$;
  revoke all on function graphile_worker.enqueue from public;
  grant usage on schema graphile_worker to kombify_tenant, kombify_identity, kombify_agent, kombify_staff, kombify_system;
  grant execute on function graphile_worker.enqueue to kombify_tenant, kombify_identity, kombify_agent, kombify_staff, kombify_system;
  create or replace function graphile_worker.queue_counts(out ready int, out running int, out failed int)
  language sql security definer stable set search_path = pg_catalog, graphile_worker as $$
    select count(*) filter (where locked_at is null and attempts < max_attempts)::int,
      count(*) filter (where locked_at is not null)::int,
      count(*) filter (where locked_at is null and attempts >= max_attempts)::int
    from _private_jobs
  $$;
  revoke all on function graphile_worker.queue_counts from public;
  grant execute on function graphile_worker.queue_counts to kombify_staff;
`;
