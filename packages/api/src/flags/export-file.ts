/** All flags as one flagd flag-definition file, as it could be given to flagd itself. */
import { flagSegments, flagSettings, flags } from "@kombify/db/schema";
import { asc } from "drizzle-orm";
import type { z } from "zod";
import type { VerbContext } from "../context.ts";
import { entryOf } from "./flag-file.ts";
import { stateOf } from "./flag-state.ts";
import type { flagFileSchema } from "./schemas.ts";

/** In the metadata of the file: what a segment is for. flagd has no place for it. */
export const SEGMENT_DESCRIPTION = "kombify.segment.";

/** In order of the keys, so that two exports can be compared line by line. */
export async function exportFlags(ctx: VerbContext): Promise<z.output<typeof flagFileSchema>> {
  const [settings, segments, rows] = await ctx.db.transaction(async (tx) => [
    (await tx.select().from(flagSettings))[0],
    await tx.select().from(flagSegments).orderBy(asc(flagSegments.key)),
    await tx.select().from(flags).orderBy(asc(flags.key)),
  ]);
  const described = segments.filter(({ description }) => description !== "");
  const metadata = {
    ...settings?.metadata,
    ...Object.fromEntries(described.map(({ key, description }) => [`${SEGMENT_DESCRIPTION}${key}`, description])),
  };
  const file = {
    ...settings?.fileExtras,
    flags: Object.fromEntries(rows.map((row) => [row.key, entryOf(stateOf(row))])),
    ...(segments.length === 0
      ? {}
      : { $evaluators: Object.fromEntries(segments.map(({ key, logic }) => [key, logic])) }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
  return file as z.output<typeof flagFileSchema>;
}
