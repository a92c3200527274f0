import { ServiceError } from "@kombify/agent-contract";
import type { z } from "zod";
import type { VerbContext } from "../context.ts";
import type { FlagUsageView, flagUsageInput } from "./schemas.ts";

/** Hours of a step, and how many steps there are. The last one has begun and goes on. */
const RANGES = { "24h": [1, 24], "7d": [6, 28], "30d": [24, 30] } as const;

/**
 * How often each variant was given, a point for every step, zeros included. Days and quarters of days are those of UTC. The
 * variant without a name is where there was no value; variants that are gone are shown while they were given.
 * @throws ServiceError NOT_FOUND
 */
export async function readFlagUsage(
  ctx: Pick<VerbContext, "db">,
  { key, range }: z.output<typeof flagUsageInput>,
): Promise<FlagUsageView> {
  const [hours, steps] = RANGES[range];
  const rows = await ctx.db.read<{ variant: string; at: Date; count: number }>(
    (sql) => sql`
      with ends as (select make_interval(hours => ${hours}) as step,
          date_bin(make_interval(hours => ${hours}), now(), timestamptz '2000-01-01 00:00Z') as last),
        points as (select generate_series(last - step * ${steps - 1}, last, step) as at from ends),
        used as (select variant, date_bin(step, hour, timestamptz '2000-01-01 00:00Z') as at, sum(count) as count
          from flag_usage, ends where key = ${key} and hour >= last - step * ${steps - 1} group by 1, 2),
        variants as (select jsonb_object_keys(variants) as variant from flags where key = ${key}
          union select variant from used where exists (select from flags where key = ${key}))
      select v.variant, p.at, coalesce(u.count, 0)::float8 as count
      from variants v cross join points p left join used u on u.variant = v.variant and u.at = p.at
      order by v.variant = '', v.variant, p.at`,
  );
  if (rows.length === 0) throw new ServiceError("NOT_FOUND", `There is no flag ${key}.`);
  const series = Map.groupBy(rows, ({ variant }) => variant);
  return {
    stepSeconds: hours * 3_600,
    series: [...series].map(([variant, points]) => ({
      variant,
      points: points.map(({ at, count }) => ({ at, count })),
    })),
  };
}
