import type { z } from "zod";
import type { VerbContext } from "../context.ts";
import { decodeCursor, encodeCursor, pageOfRows } from "../page.ts";
import { instancesBehind, type SummaryRow, summaryColumns, summaryFrom, withHosts } from "./flag-rows.ts";
import type { flagListView, listFlagsInput } from "./schemas.ts";

/** A page of flags. `search` looks at the key, the description and the owner. */
export async function listFlags(
  ctx: Pick<VerbContext, "db">,
  input: z.output<typeof listFlagsInput>,
): Promise<z.output<typeof flagListView>> {
  const descending = input.sort.startsWith("-");
  const cursor = input.cursor ? decodeCursor(input.cursor) : null;
  const like = input.search ? `%${input.search.replace(/[\\%_]/g, "\\$&")}%` : null;
  const rows = await ctx.db.read<SummaryRow & { place: string }>((sql) => {
    const places = {
      key: [sql`f.key`, sql`text`],
      updatedAt: [sql`f.updated_at`, sql`timestamptz`],
      evaluations: [sql`s.evaluations`, sql`float8`],
      instancesBehind: [sql`(${instancesBehind(sql)})`, sql`int`],
    } as const;
    const [place, type] = places[input.sort.replace("-", "") as keyof typeof places];
    const after = cursor
      ? sql`and (${place}, f.id) ${descending ? sql`<` : sql`>`} (${cursor.value}::text::${type}, ${cursor.id}::uuid)`
      : sql``;
    const direction = descending ? sql`desc` : sql`asc`;
    return sql`${withHosts(sql)} select ${summaryColumns(sql)}, (${place})::text as place ${summaryFrom(sql)}
      where (${like}::text is null or f.key ilike ${like} or f.description ilike ${like} or f.owner ilike ${like})
        and (${input.standing ?? null}::text is null or s.standing = ${input.standing ?? null})
        and (${input.lifetime ?? null}::text is null or f.lifetime = ${input.lifetime ?? null})
        and (${input.owner ?? null}::text is null or f.owner = ${input.owner ?? null})
        ${after}
      order by ${place} ${direction}, f.id ${direction} limit ${input.limit + 1}`;
  });
  const page = pageOfRows(rows, input.limit, (row) => encodeCursor(row.place, row.id));
  return { ...page, items: page.items.map(({ id: _, place: _place, ...view }) => view) };
}
