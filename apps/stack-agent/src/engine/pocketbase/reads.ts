/** Reading one tenant's records. */
import { ServiceError } from "@kombify/agent-contract";
import type { RecordModel } from "pocketbase";
import { fieldOf } from "../collections.ts";
import type { ListQuery, Page, ParsedQuery } from "../list-query.ts";
import { cursorAfter, parseListQuery } from "../list-query.ts";
import type { Collection, Records } from "../records.ts";
import { canonicalJson } from "../transfer.ts";
import { type Client, isStatus } from "./client.ts";
import { columnOf, columnsOf, fromRecord } from "./codec.ts";
import { after, all, equals } from "./filters.ts";
import { tableOf } from "./namespace-collections.ts";

/** The most that PocketBase gives at once. */
const MAX_PAGE = 1_000;

/** Characters that PocketBase takes as a filter (tools/search/provider.go). */
const MAX_FILTER = 3_500;

/** PocketBase's words for a collection that is not there: the tenant was removed while the request was under way. */
export function goneOr(error: unknown): unknown {
  const isGone = isStatus(error, 404) && /collection/i.test(error.message);
  return isGone ? new ServiceError("NOT_FOUND", "This homelab is not on this host any more.", { cause: error }) : error;
}

export type Reader = ReturnType<typeof createReader>;

export function createReader({ pb }: Client, slug: string) {
  const collectionOf = (collection: Collection) => pb.collection(tableOf(collection, slug));

  /** Conditions by the names of our fields, as a filter; JSON is compared by {@link fits}, whatever its order of keys. */
  const filterOf = (collection: Collection, where: object): string[] =>
    Object.entries(where).flatMap(([name, value]) => {
      const field = fieldOf(collection, name);
      if (!field) throw new Error(`${collection} have no field ${name}`);
      return field.type === "json" ? [] : [equals(field, columnOf(collection, field), value)];
    });

  const page = async <C extends Collection>(
    collection: C,
    filter: readonly string[],
    sort: string,
    limit: number,
  ): Promise<Records[C][]> => {
    const text = all(filter);
    if (text.length > MAX_FILTER)
      throw new ServiceError("INVALID", "These filters are too long together. Use shorter values.");
    const options = { filter: text, sort, skipTotal: true, fields: columnsOf(collection) };
    const { items } = await collectionOf(collection)
      .getList(1, limit, options)
      .catch((error: unknown) => {
        throw goneOr(error);
      });
    return items.map((item: RecordModel) => fromRecord(collection, item));
  };

  /** Records in the order of a parsed query. */
  async function* walk<C extends Collection>(
    collection: C,
    query: ParsedQuery,
    size: number,
  ): AsyncGenerator<Records[C]> {
    const { sort, conditions } = query;
    const column = columnOf(collection, sort.definition);
    const direction = sort.isDescending ? "-" : "";
    const order = column === "id" ? `${direction}id` : `${direction}${column},${direction}id`;
    const fixed = conditions.flatMap(({ field, value }) =>
      field.type === "json" ? [] : [equals(field, columnOf(collection, field), value)],
    );
    const json = Object.fromEntries(
      conditions.filter(({ field }) => field.type === "json").map(({ name, value }) => [name, value]),
    );
    let from = query.after;
    for (;;) {
      const rest = from ? [after(sort, column, from.value, from.id)] : [];
      const records = await page(collection, [...fixed, ...rest], order, size);
      for (const record of records) if (fits(record, json)) yield record;
      const last = records.at(-1);
      if (!last || records.length < size) return;
      from = { value: (last as Record<string, unknown>)[sort.field], id: last.id };
    }
  }

  return {
    async get<C extends Collection>(collection: C, id: string): Promise<Records[C] | null> {
      const [record] = await page(collection, filterOf(collection, { id }), "id", 1);
      return record ?? null;
    },
    /** Every record that fits, in the order of ids. */
    async all<C extends Collection>(collection: C, where: object): Promise<Records[C][]> {
      const found: Records[C][] = [];
      let rest: string[] = [];
      for (;;) {
        const records = await page(collection, [...filterOf(collection, where), ...rest], "id", MAX_PAGE);
        found.push(...records.filter((record) => fits(record, where)));
        const last = records.at(-1);
        if (!last || records.length < MAX_PAGE) return found;
        rest = [`id > "${last.id}"`];
      }
    },
    /** The first record of a filter of our own, see filters.ts. */
    async first<C extends Collection>(
      collection: C,
      filter: readonly string[],
      sort: string,
    ): Promise<Records[C] | null> {
      return (await page(collection, filter, sort, 1))[0] ?? null;
    },
    page,
    filterOf,
    async list<C extends Collection>(collection: C, query: ListQuery): Promise<Page<Records[C]>> {
      const parsed = parseListQuery(collection, query);
      const items: Records[C][] = [];
      for await (const record of walk(collection, parsed, query.limit + 1)) {
        items.push(record);
        if (items.length > query.limit) break;
      }
      const last = items[query.limit - 1];
      const hasMore = items.length > query.limit;
      return {
        items: items.slice(0, query.limit),
        nextCursor: hasMore && last ? cursorAfter(last, parsed.sort) : null,
      };
    },
    async countBy(collection: Collection, field: string, where: object): Promise<Record<string, number>> {
      const counts: Record<string, number> = {};
      for (const record of await this.all(collection, where)) {
        const value = String((record as Record<string, unknown>)[field]);
        counts[value] = (counts[value] ?? 0) + 1;
      }
      return counts;
    },
  };
}

/** Whether a record has these values; null means "not set". */
export function fits(record: object, where: object): boolean {
  return Object.entries(where).every(([name, value]) => {
    const has = (record as Record<string, unknown>)[name];
    if (has instanceof Date || value instanceof Date) return Number(has) === Number(value);
    return has === value || (typeof has === "object" && canonicalJson(has) === canonicalJson(value));
  });
}
