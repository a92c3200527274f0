/**
 * Looks for namespaces that are not as defined, at thousands of them: PostgreSQL sums up each in a fingerprint of its raw
 * catalog rows, and only one namespace of each fingerprint is read out and compared. Nearly all have the same one.
 */
import type { Sql } from "postgres";
import type { RoleNames } from "../naming.ts";
import { compareShapes } from "./compare-shapes.ts";
import { isOfNamespace, type NamespaceShape, OWN_ROLE, shapeOf, withSlug } from "./shape.ts";

/** Of rows in any order: which ones there are, in 64 bits. Nothing is sorted or printed for it. */
const sumOf = (...parts: string[]) =>
  `pg_catalog.bit_xor(pg_catalog.hash_record_extended(row(${parts.join(", ")}), 0))`;

/** How many names begin with `users_` is a guess for PostgreSQL, and for few it would look at each of them by itself. */
const PLAN_BY_HASHES = `set local enable_nestloop = off; set local enable_mergejoin = off; set local enable_sort = off;
  set local work_mem = '64MB'; set local jit = off`;

/** `$1` is the prefix of roles. A name of a table, index or role that holds the slug counts without it. */
const FINGERPRINTS = `
  with members as (
    select roleid, bool_or(set_option) as can_take from pg_catalog.pg_auth_members
    where member = session_user::pg_catalog.regrole group by 1),
  tables as materialized (
    select c.oid, split_part(c.relname, '_', 1) as kind, split_part(c.relname, '_', 2) as slug, c.relname as name,
      concat_ws(' ', coalesce(m.can_take, false),
        case when o.rolname <> $1 || split_part(c.relname, '_', 2) then o.rolname end,
        case when c.relacl is not null then array(select g.grantee from pg_catalog.aclexplode(c.relacl) g
          where g.grantee <> c.relowner order by 1)::text end) as access
    from pg_catalog.pg_class c join pg_catalog.pg_roles o on o.oid = c.relowner
      left join members m on m.roleid = c.relowner
    where ${isOfNamespace}),
  columns as (
    select a.attrelid as oid, ${sumOf(
      ...["a.attnum", "a.attname", "a.atttypid", "a.atttypmod", "a.attcollation", "a.attnotnull", "a.attgenerated"],
      "d.adbin::text",
    )} as sum
    from pg_catalog.pg_attribute a left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid in (select oid from tables) and a.attnum > 0 and not a.attisdropped group by 1),
  indexes as (
    select i.indrelid as oid, ${sumOf(
      ...["replace(x.relname, t.name, '')", "x.relam", "i.indkey::text", "i.indclass::text", "i.indcollation::text"],
      ...["i.indoption::text", "i.indisunique", "i.indisvalid", "i.indnullsnotdistinct"],
      ...["i.indexprs::text", "i.indpred::text"],
    )} as sum
    from pg_catalog.pg_index i join tables t on t.oid = i.indrelid join pg_catalog.pg_class x on x.oid = i.indexrelid
    group by 1),
  constraints as (
    select k.conrelid as oid, ${sumOf(
      ...["replace(k.conname, t.name, '')", "k.contype", "k.conkey", "k.confkey", "r.kind", "r.slug = t.slug"],
      ...["k.confdeltype", "k.confupdtype", "k.convalidated", "k.conbin::text"],
    )} as sum
    from pg_catalog.pg_constraint k join tables t on t.oid = k.conrelid left join tables r on r.oid = k.confrelid
    where k.contype <> 'n' group by 1),
  namespaces as (
    select t.slug, ${sumOf("t.kind", "t.access", "c.sum", "i.sum", "k.sum")} as sum
    from tables t left join columns c using (oid) left join indexes i using (oid) left join constraints k using (oid)
    group by 1)
  select array_agg(slug) as slugs from namespaces group by sum`;

/** Words for how a namespace is not as defined; true as well of others with the same fingerprint. */
function driftOf(is: NamespaceShape, should: NamespaceShape, slug: string, role: string): string[] {
  return [
    ...(is.canTakeRole ? [] : [`the agent may not take the role ${role}`]),
    ...is.tables
      .filter(({ owner }) => owner !== OWN_ROLE)
      .map(({ table, owner }) => `the collection ${withSlug(table, slug)} belongs to ${owner}`),
    ...compareShapes(is, should, slug).map(({ words }) => words),
  ];
}

/** @returns of each namespace that is not as defined, what differs. */
export async function findDrift(sql: Sql, roles: RoleNames, should: NamespaceShape): Promise<Map<string, string[]>> {
  const drift = new Map<string, string[]>();
  const [, groups] = await sql.begin((tx) => [
    tx.unsafe(PLAN_BY_HASHES),
    tx.unsafe<{ slugs: string[] }[]>(FINGERPRINTS, [roles.prefix]),
  ]);
  for (const { slugs } of groups) {
    const [example = ""] = slugs;
    const is = await shapeOf(sql, example, roles.namespace(example));
    for (const slug of slugs) {
      const words = driftOf(is, should, slug, roles.namespace(slug));
      if (words.length > 0) drift.set(slug, words);
    }
  }
  return drift;
}
