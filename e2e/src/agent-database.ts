/** The PostgreSQL of an agent, seen by its superuser: what is really there, behind the agent's back. */
import { join } from "node:path";
import { findServer } from "@kombify/embedded-postgres";
import postgres, { type Sql } from "postgres";

/** @param agentHome the agent's home. @throws Error when no server was ever started there. */
export async function openAgentDatabase(agentHome: string): Promise<Sql> {
  const url = await findServer(join(agentHome, "postgres"), "stack");
  if (url === null) throw new Error(`There is no PostgreSQL in ${agentHome}.`);
  // A server that is killed takes its connections along; the next query opens a new one.
  return postgres(url, { max: 2, onnotice: () => undefined, connect_timeout: 5 });
}

/** What there is of one namespace. Everything is counted, so that anything twice shows. */
export type NamespaceCount = {
  rows: number;
  states: string[];
  mappings: number;
  tables: number;
  indexes: number;
  roles: number;
};

export async function countNamespace(sql: Sql, slug: string): Promise<NamespaceCount> {
  const [found] = await sql<NamespaceCount[]>`
    select (select count(*)::int from stack._tenants where slug = ${slug}) as rows,
      (select coalesce(array_agg(state), '{}') from stack._tenants where slug = ${slug}) as states,
      (select count(*)::int from stack._sso_mappings m join stack._tenants t on t.id = m.tenant_id where t.slug = ${slug}) as mappings,
      (select count(*)::int from pg_tables where schemaname = 'stack' and tablename like ${`%\\_${slug}`}) as tables,
      (select count(*)::int from pg_indexes where schemaname = 'stack' and tablename like ${`%\\_${slug}`}) as indexes,
      (select count(*)::int from pg_roles where rolname = ${`ns_${slug}`}) as roles`;
  return found!;
}

const HOLD = 4_711_002;

export type Hold = { waiting(): Promise<number>; release(): Promise<void> };

/**
 * Lets every creation of a namespace stand still at its last statement, all tables made and nothing committed, for as
 * long as this connection lives.
 */
export async function holdCreations(sql: Sql): Promise<Hold> {
  await sql.unsafe(`
    create or replace function public.e2e_hold() returns trigger language plpgsql as
      $$ begin perform pg_advisory_xact_lock_shared(${HOLD}); return new; end $$;
    create or replace trigger e2e_hold before update of namespace_version on stack._tenants
      for each row execute function public.e2e_hold()`);
  const holder = await sql.reserve();
  await holder`select pg_advisory_lock(${HOLD})`;
  return {
    waiting: async () => {
      const [row] = await sql<{ count: number }[]>`
        select count(*)::int as count from pg_stat_activity
        where wait_event_type = 'Lock' and wait_event = 'advisory' and application_name = 'kombify stack-agent'`;
      return row?.count ?? 0;
    },
    release: async () => {
      await holder`select pg_advisory_unlock(${HOLD})`;
      holder.release();
    },
  };
}

/** Takes away what {@link holdCreations} left in the database. */
export async function endHold(sql: Sql): Promise<void> {
  await sql.unsafe("drop trigger if exists e2e_hold on stack._tenants; drop function if exists public.e2e_hold()");
}
