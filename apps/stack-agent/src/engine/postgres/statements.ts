/** Texts and parameters of the statements on one tenant's tables. Values are always parameters, names always ours. */
import { FIELDS, fieldOf } from "../collections.ts";
import type { Condition, ParsedQuery } from "../list-query.ts";
import { tableOf } from "../naming.ts";
import type { Collection } from "../records.ts";

export type Statement = { text: string; parameters: unknown[] };

const columnLists = Object.fromEntries(
  Object.entries(FIELDS).map(([collection, fields]) => [
    collection,
    Object.entries(fields)
      .map(([name, { column }]) => `${column} as "${name}"`)
      .join(", "),
  ]),
) as Record<Collection, string>;

/** `id as "id", stack_id as "stackId", ...`: a row in the shape of its record. */
export const columnsOf = (collection: Collection): string => columnLists[collection];

function columnOf(collection: Collection, name: string): string {
  const field = fieldOf(collection, name);
  if (!field) throw new Error(`${collection} have no field ${name}`);
  return field.column;
}

function conditionsText(conditions: Array<Pick<Condition, "column" | "value">>, parameters: unknown[]): string {
  const parts = conditions.map(({ column, value }) => {
    if (value === null) return `${column} is null`;
    parameters.push(value);
    return `${column} = $${parameters.length}`;
  });
  return parts.length === 0 ? "true" : parts.join(" and ");
}

const conditionsOf = (collection: Collection, where: object): Array<Pick<Condition, "column" | "value">> =>
  Object.entries(where).map(([name, value]) => ({ column: columnOf(collection, name), value }));

export function selectWhere(collection: Collection, slug: string, where: object, suffix = ""): Statement {
  const parameters: unknown[] = [];
  const conditions = conditionsText(conditionsOf(collection, where), parameters);
  const text = `select ${columnsOf(collection)} from ${tableOf(collection, slug)} where ${conditions} ${suffix}`;
  return { text, parameters };
}

/** One record more than asked for, which tells whether there is a next page. */
export function selectPage(collection: Collection, slug: string, query: ParsedQuery, limit: number): Statement {
  const parameters: unknown[] = [];
  let conditions = conditionsText(query.conditions, parameters);
  const { column } = query.sort.definition;
  const direction = query.sort.isDescending ? "desc" : "asc";
  if (query.after) {
    parameters.push(query.after.value, query.after.id);
    const sign = query.sort.isDescending ? "<" : ">";
    conditions += ` and (${column}, id) ${sign} ($${parameters.length - 1}, $${parameters.length})`;
  }
  parameters.push(limit + 1);
  const text = `select ${columnsOf(collection)} from ${tableOf(collection, slug)} where ${conditions}
    order by ${column} ${direction}, id ${direction} limit $${parameters.length}`;
  return { text, parameters };
}

export function countBy(collection: Collection, slug: string, field: string, where: object): Statement {
  const parameters: unknown[] = [];
  const conditions = conditionsText(conditionsOf(collection, where), parameters);
  const column = columnOf(collection, field);
  return {
    text: `select ${column}::text as value, count(*)::int as count from ${tableOf(collection, slug)}
      where ${conditions} group by ${column}`,
    parameters,
  };
}

export function insert(collection: Collection, slug: string, record: object): Statement {
  const entries = Object.entries(record);
  const columns = entries.map(([name]) => columnOf(collection, name)).join(", ");
  const places = entries.map((_, index) => `$${index + 1}`).join(", ");
  const text = `insert into ${tableOf(collection, slug)} (${columns}) values (${places}) returning ${columnsOf(collection)}`;
  return { text, parameters: entries.map(([, value]) => value) };
}

export function update(collection: Collection, slug: string, where: object, changes: object): Statement {
  const parameters: unknown[] = [];
  const assignments = Object.entries(changes).map(([name, value]) => {
    parameters.push(value);
    return `${columnOf(collection, name)} = $${parameters.length}`;
  });
  const conditions = conditionsText(conditionsOf(collection, where), parameters);
  const text = `update ${tableOf(collection, slug)} set ${assignments.join(", ")} where ${conditions}
    returning ${columnsOf(collection)}`;
  return { text, parameters };
}

export function remove(collection: Collection, slug: string, where: object): Statement {
  const parameters: unknown[] = [];
  const conditions = conditionsText(conditionsOf(collection, where), parameters);
  return { text: `delete from ${tableOf(collection, slug)} where ${conditions} returning id`, parameters };
}
