import { ServiceError } from "@kombify/agent-contract";
import { sayTargeting } from "@kombify/flags/rules";
import type { VerbContext } from "../context.ts";
import { type SummaryRow, summaryColumns, summaryFrom, withHosts } from "./flag-rows.ts";
import type { FlagView } from "./schemas.ts";

type Definition = FlagView["definition"];
type Row = SummaryRow &
  Pick<FlagView, "killedAt" | "killedReason" | "neededBy"> &
  Pick<Definition, "state" | "variants" | "defaultVariant" | "offVariant" | "prerequisites" | "targeting" | "metadata">;

/** One flag with everything that its page shows, or null. */
export async function findFlag(ctx: Pick<VerbContext, "db">, key: string): Promise<FlagView | null> {
  const [row] = await ctx.db.read<Row>(
    (
      sql,
    ) => sql`${withHosts(sql)} select ${summaryColumns(sql)}, f.state, f.variants, f.default_variant as "defaultVariant",
        f.off_variant as "offVariant", f.prerequisites, f.targeting, f.metadata, f.killed_at as "killedAt",
        f.killed_reason as "killedReason",
        array(select o.key from flags o where o.prerequisites @> jsonb_build_array(jsonb_build_object('flag', f.key)) order by o.key)
          as "neededBy"
      ${summaryFrom(sql)} where f.key = ${key}`,
  );
  if (!row) return null;
  const { id: _, state, variants, defaultVariant, offVariant, prerequisites, targeting, metadata, ...view } = row;
  const { description, owner, kind, lifetime, expiresAt, isSensitive } = view;
  const about = { description, owner, kind, lifetime, expiresAt, isSensitive };
  const definition = { state, variants, defaultVariant, offVariant, prerequisites, targeting, metadata };
  return { ...view, definition: { ...about, ...definition }, words: sayTargeting(targeting) };
}

/** @throws ServiceError NOT_FOUND */
export async function getFlag(ctx: Pick<VerbContext, "db">, { key }: { key: string }): Promise<FlagView> {
  const flag = await findFlag(ctx, key);
  if (!flag) throw new ServiceError("NOT_FOUND", `There is no flag ${key}.`);
  return flag;
}
