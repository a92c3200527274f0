/**
 * What a namespace consists of according to PostgreSQL's catalog. Names are told without the slug, `stacks_@` for
 * `stacks_acme`, so that namespaces can be compared with each other and with what is defined.
 */
import { COLLECTIONS } from "@kombify/agent-contract";
import type { ISql } from "postgres";
import { SCHEMA } from "../naming.ts";

type ColumnShape = { name: string; type: string; isRequired: boolean; isGenerated: boolean; value: string | null };
type IndexShape = { name: string; definition: string; isUnique: boolean; isValid: boolean };
/** `kind` as in pg_constraint.contype: p for a primary key, f for a foreign one. */
type ConstraintShape = { name: string; definition: string; kind: string };
export type TableShape = {
  table: string;
  /** {@link OWN_ROLE}, or the name of another role. */
  owner: string;
  /** Roles beside the owner that were given rights. */
  grantees: string[];
  columns: ColumnShape[];
  indexes: IndexShape[];
  constraints: ConstraintShape[];
};
export type NamespaceShape = { canTakeRole: boolean; tables: TableShape[] };

/** Stands for the namespace's own role; no role has this name. */
export const OWN_ROLE = "@";

/** Kinds of tables that a namespace can have; the last one comes with its first file. */
export const TABLES = [...COLLECTIONS, "files"] as const;

const KINDS = TABLES.join("|");

/** Tables that belong to some namespace, as a condition on pg_class `c`. */
export const isOfNamespace = `c.relnamespace = '${SCHEMA}'::pg_catalog.regnamespace and c.relkind = 'r'
  and split_part(c.relname, '_', 1) in (${TABLES.map((table) => `'${table}'`).join(", ")})
  and split_part(c.relname, '_', 3) = ''`;

// A default of another type than its column, a collation of a column's own and so on show in these texts.
const describe = `
  select c.relname as table, pg_catalog.pg_get_userbyid(c.relowner) as owner,
    array(select distinct case g.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(g.grantee) end
      from pg_catalog.aclexplode(c.relacl) g where g.grantee <> c.relowner order by 1) as grantees,
    coalesce((select json_agg(json_build_object(
        'name', a.attname, 'isRequired', a.attnotnull, 'isGenerated', a.attgenerated <> '',
        'type', pg_catalog.format_type(a.atttypid, a.atttypmod)
          || coalesce(' collate ' || (select quote_ident(l.collname) from pg_catalog.pg_collation l
            where l.oid = a.attcollation and l.collname <> 'default'), ''),
        'value', pg_catalog.pg_get_expr(d.adbin, d.adrelid)) order by a.attnum)
      from pg_catalog.pg_attribute a
        left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]') as columns,
    coalesce((select json_agg(json_build_object(
        'name', x.relname, 'isUnique', i.indisunique, 'isValid', i.indisvalid,
        'definition', pg_catalog.pg_get_indexdef(x.oid)) order by x.relname)
      from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
      where i.indrelid = c.oid and not exists (select from pg_catalog.pg_constraint k where k.conindid = x.oid
        and k.conrelid = c.oid)), '[]') as indexes,
    coalesce((select json_agg(json_build_object(
        'name', k.conname, 'kind', k.contype, 'definition', pg_catalog.pg_get_constraintdef(k.oid)) order by k.conname)
      from pg_catalog.pg_constraint k where k.conrelid = c.oid and k.contype <> 'n'), '[]') as constraints
  from pg_catalog.pg_class c where ${isOfNamespace} and c.relname = any ($1::text[])`;

/** Fills in a slug in what a shape says. */
export const withSlug = (text: string, slug: string): string =>
  text.replaceAll(new RegExp(`\\b(${KINDS})_@`, "g"), `$1_${slug}`);

const withoutSlug = <T>(value: T, slug: string): T =>
  JSON.parse(JSON.stringify(value).replaceAll(new RegExp(`\\b(${KINDS})_${slug}(?=_|\\b)`, "g"), "$1_@"));

/** @param role the namespace's own role; it need not be there. */
export async function shapeOf(sql: ISql, slug: string, role: string): Promise<NamespaceShape> {
  const names = TABLES.map((table) => `${table}_${slug}`);
  const [tables, [access]] = await Promise.all([
    sql.unsafe<TableShape[]>(describe, [names]),
    sql.unsafe(
      `select coalesce(pg_catalog.pg_has_role(session_user, pg_catalog.to_regrole($1), 'SET'), false) as "canTakeRole"`,
      [role],
    ),
  ]);
  return {
    canTakeRole: access?.canTakeRole,
    tables: tables.map((table) => ({
      ...withoutSlug({ ...table }, slug),
      owner: table.owner === role ? OWN_ROLE : table.owner,
    })),
  };
}
