import type { Sql } from "postgres";
import type { z } from "zod";
import type { VerbContext } from "../context.ts";
import { decodeCursor, encodeCursor, pageOfRows } from "../page.ts";
import { instancesBehind, type SummaryRow, summaryColumns, summaryFrom, withHosts } from "./flag-rows.ts";
import type { flagListView, listFlagsInput } from "./schemas.ts";
import { flagStandings } from "./standing.ts";

type Input = z.output<typeof listFlagsInput>;

/** What each order goes by. */
const placesOf = (sql: Sql) => ({
  key: { place: sql`f.key`, type: sql`text` },
  updatedAt: { place: sql`f.updated_at`, type: sql`timestamptz` },
  evaluations: { place: sql`coalesce(h.count, 0)`, type: sql`float8` },
  instancesBehind: { place: sql`(${instancesBehind(sql)})`, type: sql`int` },
});

/** Which flags are on the page. How they stand and how much they are used is only looked up where it decides. */
function pageOf(sql: Sql, input: Input) {
  const descending = input.sort.startsWith("-");
  const name = input.sort.replace("-", "") as keyof ReturnType<typeof placesOf>;
  const { place, type } = placesOf(sql)[name];
  const cursor = input.cursor ? decodeCursor(input.cursor) : null;
  const like = input.search ? `%${input.search.replace(/[\\%_]/g, "\\$&")}%` : null;
  // For all flags at once this is one look at a day's use; the standings look at each flag for itself.
  const use = sql`left join (select key, sum(count)::float8 as count from flag_usage
    where hour >= date_trunc('hour', now(), 'UTC') - interval '23 hours' group by key) h on h.key = f.key`;
  const direction = descending ? sql`desc` : sql`asc`;
  const after = cursor
    ? sql`and (${place}, f.id) ${descending ? sql`<` : sql`>`} (${cursor.value}::text::${type}, ${cursor.id}::uuid)`
    : sql``;
  return sql`page as materialized (
    select f.id as page_id, ${place} as place, row_number() over (order by ${place} ${direction}, f.id ${direction}) as number
    from flags f ${input.standing === undefined ? sql`` : sql`join ${flagStandings(sql)} s on s.key = f.key`}
      ${name === "evaluations" ? use : sql``} cross join hosts
    where (${like}::text is null or f.key ilike ${like} or f.description ilike ${like} or f.owner ilike ${like})
      and (${input.lifetime ?? null}::text is null or f.lifetime = ${input.lifetime ?? null})
      and (${input.owner ?? null}::text is null or f.owner = ${input.owner ?? null})
      ${input.standing === undefined ? sql`` : sql`and s.standing = ${input.standing}`} ${after}
    order by ${place} ${direction}, f.id ${direction} limit ${input.limit + 1})`;
}

/** A page of flags. `search` looks at the key, the description and the owner. */
export async function listFlags(ctx: Pick<VerbContext, "db">, input: Input): Promise<z.output<typeof flagListView>> {
  const rows = await ctx.db.read<SummaryRow & { place: string; number: string }>(
    (sql) => sql`${withHosts(sql)}, ${pageOf(sql, input)}
      select ${summaryColumns(sql)}, page.place::text as place, page.number ${summaryFrom(sql)} join page on page.page_id = f.id
      order by page.number`,
  );
  const page = pageOfRows(rows, input.limit, (row) => encodeCursor(row.place, row.id));
  return { ...page, items: page.items.map(({ id: _, place: _place, number: _number, ...view }) => view) };
}
