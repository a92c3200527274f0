/**
 * Lists: equality filters, one sort field, cursor paging. The cursor holds the last record's sort value and id, so a
 * page neither skips nor repeats records when others come and go meanwhile.
 */
import { type FieldError, recordIdSchema, ServiceError } from "@kombify/agent-contract";
import { z } from "zod";
import { FIELDS, type Field, type FieldType, fieldOf } from "./collections.ts";
import type { Collection, Records } from "./records.ts";

export type ListQuery = {
  /** 1 to 200. */
  limit: number;
  cursor?: string | undefined;
  /** A field that is always set, with a leading `-` for descending. */
  sort: string;
  /** Field to its value as text, as it stands in a URL. */
  filters?: Record<string, string>;
  /** Conditions of the caller's own, which a client cannot lift. */
  where?: Record<string, unknown>;
};
export type Page<T> = { items: T[]; nextCursor: string | null };

export type SortKey = { field: string; definition: Field; isDescending: boolean };
export type Condition = { name: string; field: Field; column: string; value: unknown };
export type ParsedQuery = { sort: SortKey; conditions: Condition[]; after: { value: unknown; id: string } | null };

const VALUES: Record<FieldType, { schema: z.ZodType; expected: string }> = {
  id: { schema: recordIdSchema, expected: "the id of a record" },
  text: {
    schema: z.string().refine((text) => !text.includes("\0") && text.isWellFormed()),
    expected: "a text without NUL or halves of characters",
  },
  integer: {
    schema: z.coerce
      .number()
      .int()
      .min(-(2 ** 31))
      .max(2 ** 31 - 1),
    expected: "a whole number",
  },
  boolean: { schema: z.enum(["true", "false"]).transform((text) => text === "true"), expected: "true or false" },
  timestamp: {
    schema: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
    expected: "a time such as 2026-01-31T12:00:00Z",
  },
  json: {
    schema: z.string().transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: "custom", message: "not JSON" });
        return z.NEVER;
      }
    }),
    expected: "JSON",
  },
};

const refuse = (path: string, message: string): ServiceError =>
  new ServiceError("INVALID", `${path}: ${message}`, { fields: [{ path, message }] });

function parseSort(collection: Collection, sort: string): SortKey {
  const isDescending = sort.startsWith("-");
  const name = isDescending ? sort.slice(1) : sort;
  const definition = fieldOf(collection, name);
  if (definition && !definition.isNullable && definition.type !== "json")
    return { field: name, definition, isDescending };
  const sortable = Object.entries(FIELDS[collection]).filter(
    ([, { isNullable, type }]) => !isNullable && type !== "json",
  );
  throw refuse(
    "sort",
    `Sort by one of ${sortable.map(([field]) => field).join(", ")}, with - in front for descending.`,
  );
}

function parseFilters(collection: Collection, filters: Record<string, string>): Condition[] {
  const errors: FieldError[] = [];
  const conditions: Condition[] = [];
  for (const [path, text] of Object.entries(filters)) {
    const definition = fieldOf(collection, path);
    if (!definition) {
      errors.push({
        path,
        message: `${collection} have no such field. Known are ${Object.keys(FIELDS[collection]).join(", ")}.`,
      });
      continue;
    }
    const { schema, expected } = VALUES[definition.type];
    const value = definition.isNullable && text === "" ? { success: true, data: null } : schema.safeParse(text);
    if (value.success) conditions.push({ name: path, field: definition, column: definition.column, value: value.data });
    else errors.push({ path, message: `Use ${expected}.` });
  }
  const first = errors[0];
  if (first) throw new ServiceError("INVALID", `${first.path}: ${first.message}`, { fields: errors });
  return conditions;
}

const cursorSchema = z.tuple([z.string(), z.string(), recordIdSchema]);

function parseCursor(cursor: string, sort: SortKey): { value: unknown; id: string } {
  const wrong = () => refuse("cursor", "This is not a cursor of this list. Start again without one.");
  let decoded: unknown;
  try {
    decoded = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch (cause) {
    throw Object.assign(wrong(), { cause });
  }
  const parsed = cursorSchema.safeParse(decoded);
  if (!parsed.success || parsed.data[0] !== sort.field) throw wrong();
  const value = VALUES[sort.definition.type].schema.safeParse(parsed.data[1]);
  if (!value.success) throw wrong();
  return { value: value.data, id: parsed.data[2] };
}

/** @throws ServiceError INVALID naming each field, value or cursor that the collection does not know. */
export function parseListQuery(collection: Collection, query: ListQuery): ParsedQuery {
  const sort = parseSort(collection, query.sort);
  const own = Object.entries(query.where ?? {}).map(([name, value]) => {
    const definition = fieldOf(collection, name);
    if (!definition) throw new Error(`${collection} have no field ${name}`);
    return { name, field: definition, column: definition.column, value };
  });
  return {
    sort,
    conditions: [...own, ...parseFilters(collection, query.filters ?? {})],
    after: query.cursor === undefined ? null : parseCursor(query.cursor, sort),
  };
}

/** The cursor that continues after this record. */
export function cursorAfter<C extends Collection>(record: Records[C], sort: SortKey): string {
  const value: unknown = (record as Record<string, unknown>)[sort.field];
  const text = value instanceof Date ? value.toISOString() : String(value);
  return Buffer.from(JSON.stringify([sort.field, text, record.id])).toString("base64url");
}
