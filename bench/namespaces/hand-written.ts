/** The DDL of a namespace as one would write it by hand. */
import type { Sql } from "postgres";

/**
 * The tables and indexes that the agent's engine makes, owned by a role of their own, in one message and one transaction.
 * Run by the superuser, so it needs no right of its own and asks for nothing that may exist already.
 */
export const createByHand = (sql: Sql, slug: string) =>
  sql
    .unsafe(`
      create role hand_${slug} nologin noinherit;
      create table stack.users_${slug} (
        id text collate "C" not null primary key, issuer text not null, subject text not null, email text not null, name text not null,
        role text not null, created_at timestamptz(3) not null, updated_at timestamptz(3) not null, last_seen_at timestamptz(3) not null,
        extra jsonb not null default '{}');
      create unique index users_${slug}_subject on stack.users_${slug} (issuer, subject);
      create table stack.stacks_${slug} (
        id text collate "C" not null primary key, name text not null, description text not null, mode text not null, status text not null,
        services jsonb not null, config jsonb not null, created_by text collate "C", created_at timestamptz(3) not null,
        updated_at timestamptz(3) not null, deleted_at timestamptz(3),
        extra jsonb not null default '{}');
      create unique index stacks_${slug}_name on stack.stacks_${slug} (lower(name)) where deleted_at is null;
      create index stacks_${slug}_created on stack.stacks_${slug} (created_at, id);
      create table stack.nodes_${slug} (
        id text collate "C" not null primary key, stack_id text collate "C" not null references stack.stacks_${slug} (id), name text not null, role text not null,
        status text not null, address text not null, metadata jsonb not null, created_at timestamptz(3) not null,
        updated_at timestamptz(3) not null, extra jsonb not null default '{}');
      create unique index nodes_${slug}_name on stack.nodes_${slug} (stack_id, lower(name));
      create table stack.jobs_${slug} (
        id text collate "C" not null primary key, type text not null, state text not null, stack_id text collate "C", target text not null,
        progress integer not null, step text not null, message text not null, error text, logs jsonb not null,
        attempts integer not null, max_attempts integer not null, created_by text collate "C", created_at timestamptz(3) not null,
        started_at timestamptz(3), completed_at timestamptz(3), lease_owner text, lease_until timestamptz(3),
        run_after timestamptz(3) not null, is_cancel_requested boolean not null,
        extra jsonb not null default '{}');
      create index jobs_${slug}_created on stack.jobs_${slug} (created_at, id);
      create index jobs_${slug}_open on stack.jobs_${slug} (state, run_after) where state in ('pending', 'running');
      alter table stack.users_${slug} owner to hand_${slug};
      alter table stack.stacks_${slug} owner to hand_${slug};
      alter table stack.nodes_${slug} owner to hand_${slug};
      alter table stack.jobs_${slug} owner to hand_${slug}`)
    .simple();

/** Columns, constraints and indexes of a namespace, without its slug. */
async function describe(sql: Sql, slug: string): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    select format('%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull) as line
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'stack'::regnamespace and c.relname like ${`%\\_${slug}`} and c.relkind = 'r' and a.attnum > 0
    union all select indexdef from pg_indexes where schemaname = 'stack' and tablename like ${`%\\_${slug}`}
    union all select pg_get_constraintdef(oid) from pg_constraint where conrelid::regclass::text like ${`stack.%\\_${slug}`} and contype <> 'n'
    order by 1`;
  return rows.map(({ line }) => line.replaceAll(`_${slug}`, ""));
}

/** @throws Error when the two namespaces are not the same but for their names: then there is nothing to compare. */
export async function assertSameNamespace(sql: Sql, ours: string, byHand: string): Promise<void> {
  const [mine, theirs] = [await describe(sql, ours), await describe(sql, byHand)];
  const different = mine.find((line, index) => line !== theirs[index]) ?? theirs[mine.length];
  if (mine.length === 0 || different !== undefined)
    throw new Error(`The namespaces by hand are not those of the agent any more: ${different ?? "there are none"}.`);
}
