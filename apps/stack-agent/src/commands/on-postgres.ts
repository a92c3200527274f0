/** Work on the PostgreSQL that DATABASE_URL names, as its superuser and as the agent. */
import { join } from "node:path";
import { ServiceError } from "@kombify/agent-contract";
import postgres from "postgres";
import { roleNames } from "../engine/naming.ts";
import { openPostgresEngine } from "../engine/postgres/postgres-engine.ts";
import { provisionDatabase } from "../engine/postgres/provision-database.ts";
import { DEFAULT_SLUG } from "../legacy/four.ts";
import type { Options, Outcome } from "../migrate/migrate-up.ts";
import { aliasViews, dropAliasViews } from "../migrate/postgres/alias-views.ts";
import { postgresDown } from "../migrate/postgres/down.ts";
import { postgresPlan } from "../migrate/postgres/plan.ts";
import { journalOf, type PostgresParts, postgresUp } from "../migrate/postgres/up.ts";

type OnStop = (stop: () => Promise<void>) => void;
type Place = { home: string; databaseUrl: string };

/** @throws ServiceError PRECONDITION for a login that is no superuser: tables of others are moved. */
async function superuser(databaseUrl: string, onStop: OnStop): Promise<postgres.Sql> {
  const admin = postgres(databaseUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10 });
  onStop(() => admin.end({ timeout: 2 }));
  const [self] = await admin`select rolsuper as "isSuperuser" from pg_roles where rolname = current_user`;
  if (self?.isSuperuser) return admin;
  throw new ServiceError(
    "PRECONDITION",
    "DATABASE_URL has to name a superuser here: tables are moved and get another owner.",
  );
}

async function parts({ home, databaseUrl }: Place, onStop: OnStop): Promise<PostgresParts> {
  const admin = await superuser(databaseUrl, onStop);
  const database = decodeURIComponent(new URL(databaseUrl).pathname.slice(1));
  const rolePrefix = `ns_${database}_`;
  const passwordFile = join(home, "database-password");
  const url = await provisionDatabase({ adminUrl: databaseUrl, role: `${database}_agent`, passwordFile });
  const engine = await openPostgresEngine({ url, rolePrefix });
  onStop(() => engine.close());
  const agent = postgres(url, { max: 1, onnotice: () => undefined, connection: { search_path: "" } });
  onStop(() => agent.end({ timeout: 2 }));
  return { admin, agent, engine, roles: roleNames(rolePrefix) };
}

export async function planPostgres({ databaseUrl }: Place, onStop: OnStop): Promise<string[]> {
  return postgresPlan(await superuser(databaseUrl, onStop));
}

export async function migratePostgres(
  place: Place,
  isDown: boolean,
  options: Options,
  onStop: OnStop,
): Promise<Outcome> {
  const opened = await parts(place, onStop);
  return isDown ? postgresDown(opened, options) : postgresUp(opened, options);
}

/** Old clients of a PostgreSQL find views under the old names, or nothing. */
export async function switchViews({ databaseUrl }: Place, isOn: boolean, onStop: OnStop): Promise<void> {
  const admin = await superuser(databaseUrl, onStop);
  const journal = await journalOf(admin);
  if (!journal)
    throw new ServiceError(
      "PRECONDITION",
      "This PostgreSQL was never a single-tenant Stack: there are no old names to serve.",
    );
  const database = decodeURIComponent(new URL(databaseUrl).pathname.slice(1));
  const role = roleNames(`ns_${database}_`).namespace(DEFAULT_SLUG);
  await admin.begin(async (tx) => {
    const on = isOn ? aliasViews(journal.tables, role) : [];
    for (const statement of [...dropAliasViews(journal.tables), ...on]) await tx.unsafe(statement);
  });
}
