import { sql } from "drizzle-orm";
import type { VerbContext } from "../context.ts";

/** How long use is kept, and how long changes that are made, refused or taken back. Days. */
const USAGE_DAYS = 90;
const CHANGE_DAYS = 365;

/**
 * Job `prune-flags`: deletes use and changes that are old, and what hosts said of an earlier boot, which counts for nothing.
 * @returns how many rows that were.
 */
export const pruneFlags = (ctx: VerbContext): Promise<number> =>
  ctx.db.transaction(async (tx) => {
    const deleted = [
      await tx.execute(
        sql`delete from flag_usage where hour < now() - make_interval(days => ${USAGE_DAYS}) returning 1`,
      ),
      await tx.execute(
        sql`delete from flag_changes where finished_at < now() - make_interval(days => ${CHANGE_DAYS}) returning 1`,
      ),
      await tx.execute(sql`delete from flag_usage_seen s using instance_reports r
        where r.instance_id = s.instance_id and s.boot_epoch < r.boot_epoch returning 1`),
    ];
    return deleted.reduce((count, rows) => count + rows.length, 0);
  });
