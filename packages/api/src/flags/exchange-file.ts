import type { z } from "zod";
import type { UserContext } from "../context.ts";
import { importFlagFile } from "./import-file.ts";
import { requestChange } from "./request-change.ts";
import type { ImportedFlagsView, importFlagsInput } from "./schemas.ts";

/**
 * Takes over a flagd file in the name of somebody.
 * @throws ServiceError as {@link importFlagFile}
 */
export const importFlags = (ctx: UserContext, input: z.output<typeof importFlagsInput>): Promise<ImportedFlagsView> =>
  importFlagFile(ctx, input, (change) => requestChange(ctx, change, { scheduledAt: null }));
