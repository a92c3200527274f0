/** A namespace as the first release made it, kept as text: hosts have such ones. */
import type { Sql } from "postgres";

const ddl = (slug: string, role: string, creator: string): string => `
  set local createrole_self_grant = 'set';
  create role ${role} nologin noinherit;
  grant ${creator} to ${role} with inherit true;
  set local role ${role};
  create table if not exists stack.users_${slug} (id uuid not null primary key, issuer text not null, subject text not null, email text not null, name text not null, role text not null, created_at timestamptz(3) not null, updated_at timestamptz(3) not null, last_seen_at timestamptz(3) not null);
  create unique index if not exists users_${slug}_subject on stack.users_${slug} (issuer, subject);
  create table if not exists stack.stacks_${slug} (id uuid not null primary key, name text not null, description text not null, mode text not null, status text not null, services jsonb not null, config jsonb not null, created_by uuid, created_at timestamptz(3) not null, updated_at timestamptz(3) not null, deleted_at timestamptz(3));
  create unique index if not exists stacks_${slug}_name on stack.stacks_${slug} (lower(name)) where deleted_at is null;
  create index if not exists stacks_${slug}_created on stack.stacks_${slug} (created_at, id);
  create table if not exists stack.nodes_${slug} (id uuid not null primary key, stack_id uuid not null references stack.stacks_${slug} (id), name text not null, role text not null, status text not null, address text not null, metadata jsonb not null, created_at timestamptz(3) not null, updated_at timestamptz(3) not null);
  create unique index if not exists nodes_${slug}_name on stack.nodes_${slug} (stack_id, lower(name));
  create table if not exists stack.jobs_${slug} (id uuid not null primary key, type text not null, state text not null, stack_id uuid, target text not null, progress integer not null, step text not null, message text not null, error text, logs jsonb not null, attempts integer not null, max_attempts integer not null, created_by uuid, created_at timestamptz(3) not null, started_at timestamptz(3), completed_at timestamptz(3), lease_owner text, lease_until timestamptz(3), run_after timestamptz(3) not null, is_cancel_requested boolean not null);
  create index if not exists jobs_${slug}_created on stack.jobs_${slug} (created_at, id);
  create index if not exists jobs_${slug}_open on stack.jobs_${slug} (state, run_after) where state in ('pending', 'running');
  reset role;
  revoke ${creator} from ${role};
  insert into stack._tenants (id, slug, org_id, name, plan, state, generation, namespace_version)
    values (gen_random_uuid(), '${slug}', 'org', '${slug}', 'free', 'ready', 1, 1)`;

/** @param sql the agent's own login. */
export const createVersionOne = (sql: Sql, slug: string, rolePrefix: string) =>
  sql.unsafe(ddl(slug, `${rolePrefix}${slug}`, `${rolePrefix}_creator`)).simple();
