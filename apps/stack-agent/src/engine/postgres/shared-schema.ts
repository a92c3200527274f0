import type { Sql } from "postgres";
import { type RoleNames, SCHEMA } from "../naming.ts";

/** Entry n brings the shared collections to version n + 1. Entries that hosts already ran are never edited. */
const SHARED_STEPS: readonly string[] = [
  `create table ${SCHEMA}._tenants (
     id uuid primary key, slug text not null unique, org_id text not null, name text not null, plan text not null,
     state text not null, generation integer not null, namespace_version integer not null default 0, error text,
     updated_at timestamptz not null default now());
   create table ${SCHEMA}._sso_mappings (
     org_id text not null, tenant_id uuid not null references ${SCHEMA}._tenants (id) on delete cascade,
     primary key (org_id, tenant_id));
   create index _sso_mappings_tenant on ${SCHEMA}._sso_mappings (tenant_id);
   create table ${SCHEMA}._sessions (
     id_hash text primary key, kind text not null,
     tenant_id uuid references ${SCHEMA}._tenants (id) on delete cascade, generation integer, user_id uuid,
     email text, name text, role text, expires_at timestamptz not null, created_at timestamptz not null default now());
   create index _sessions_user on ${SCHEMA}._sessions (tenant_id, user_id);
   create index _sessions_expiry on ${SCHEMA}._sessions (expires_at);`,
  // People who were carried here keep the ids that they had elsewhere.
  `alter table ${SCHEMA}._sessions alter column user_id type text;`,
  // Sessions of before have no subject: no log-out of the portal means them, and they end within half a day.
  `alter table ${SCHEMA}._sessions add column subject text not null default '', add column sid uuid,
     add column issued_at timestamptz not null default now();
   create index _sessions_subject on ${SCHEMA}._sessions (tenant_id, subject);`,
  // Texts, so that what is read is what was sent: jsonb changes the order of keys and knows no NUL. Flags come before their
  // tenant, so nothing refers to _tenants.
  `create table ${SCHEMA}._feature_flags (
     id text primary key, kind text not null check (kind in ('contents', 'tenant')),
     flags text, current text, previous text, older text, updated_at timestamptz not null default now());`,
];

/** Any fixed number: one agent at a time may change the schema of a database. */
const SCHEMA_LOCK = 7_261_504;

/**
 * Creates the shared collections or brings them up to date; one transaction, safe to repeat.
 * @throws Error when the database was already used by a newer agent.
 */
export async function prepareSharedCollections(sql: Sql, roles: RoleNames): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${SCHEMA_LOCK})`;
    await tx.unsafe(`
      create schema if not exists ${SCHEMA};
      create table if not exists ${SCHEMA}._applied (
        id integer primary key check (id = 1), schema_version integer not null default 0, document jsonb,
        applied_revision integer not null default 0, contacted_at timestamptz);
      insert into ${SCHEMA}._applied (id) values (1) on conflict do nothing;
      do $$ begin if to_regrole('${roles.creator}') is null then create role ${roles.creator} nologin; end if; end $$;
      grant usage on schema ${SCHEMA} to public;
      grant create on schema ${SCHEMA} to ${roles.creator};`);
    const [row] = await tx.unsafe<{ version: number }[]>(`select schema_version as version from ${SCHEMA}._applied`);
    const version = row?.version ?? 0;
    if (version > SHARED_STEPS.length)
      throw new Error(
        `The database has version ${version} of the shared collections; this agent knows ${SHARED_STEPS.length}. Start a newer agent.`,
      );
    for (const step of SHARED_STEPS.slice(version)) await tx.unsafe(step);
    await tx.unsafe(`update ${SCHEMA}._applied set schema_version = ${SHARED_STEPS.length}`);
  });
}
