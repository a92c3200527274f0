/** Tables of an old Stack as PostgreSQL's catalog has them: everything that the way back needs. */
import type { ISql } from "postgres";
import type { Collection } from "../../engine/records.ts";
import { OLD_ROLE } from "../../legacy/four.ts";

type Column = { name: string; type: string; isRequired: boolean; value: string | null };
type Named = { name: string; kind: string; definition: string };
export type Table = {
  collection: Collection;
  owner: string;
  columns: Column[];
  constraints: Named[];
  indexes: Named[];
  /** Who may do what, as statements that say so again. */
  grants: Array<{ grantee: string; privileges: string }>;
};

/** Where an old Stack has its tables. */
export const OLD_SCHEMA = "public";
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const DESCRIBE = `
  select c.relname as collection, pg_get_userbyid(c.relowner) as owner,
    (select json_agg(json_build_object('name', a.attname, 'isRequired', a.attnotnull,
        'type', format_type(a.atttypid, a.atttypmod)
          || coalesce(' collate ' || (select quote_ident(l.collname) from pg_collation l
            where l.oid = a.attcollation and l.collname <> 'default'), ''),
        'value', pg_get_expr(d.adbin, d.adrelid)) order by a.attnum)
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    coalesce((select json_agg(json_build_object('name', k.conname, 'kind', k.contype,
        'definition', pg_get_constraintdef(k.oid)) order by position(k.contype::text in 'pucxf'), k.conname)
      from pg_constraint k where k.conrelid = c.oid and k.contype <> 'n'), '[]') as constraints,
    coalesce((select json_agg(json_build_object('name', x.relname, 'kind', 'i', 'definition', pg_get_indexdef(x.oid))
        order by x.relname)
      from pg_index i join pg_class x on x.oid = i.indexrelid where i.indrelid = c.oid
        and not exists (select from pg_constraint k where k.conindid = x.oid and k.conrelid = c.oid)), '[]') as indexes,
    coalesce((select json_agg(json_build_object('grantee', grantee, 'privileges', privileges)) from (
      select case g.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end as grantee,
        string_agg(distinct g.privilege_type, ', ') as privileges
      from aclexplode(c.relacl) g where g.grantee <> c.relowner group by 1) as given), '[]') as grants
  from pg_class c where c.relnamespace = to_regnamespace($1) and c.relkind = 'r' and c.relname = any ($2::text[])`;

export const describe = (sql: ISql, schema: string, tables: readonly string[]): Promise<Table[]> =>
  sql.unsafe<Table[]>(DESCRIBE, [schema, [...tables]]);

export const hasColumn = ({ columns }: Table, name: string): boolean => columns.some((column) => column.name === name);

/** Fields that get another name, by the old one. */
export function renamesOf(table: Table): Record<string, string> {
  const { collection } = table;
  if (collection === "users") return hasColumn(table, "role") ? { role: OLD_ROLE } : {};
  if (collection === "stacks" || hasColumn(table, "stack_id")) return {};
  const found = ["stack", "stackId"].find((name) => hasColumn(table, name));
  return found === undefined ? {} : { [found]: "stack_id" };
}

/** Columns that the old Stack had, by the names that they have now. */
export const theirsOf = (table: Table): Set<string> =>
  new Set(table.columns.map(({ name }) => renamesOf(table)[name] ?? name));
