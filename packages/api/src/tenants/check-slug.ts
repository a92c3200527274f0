import { slugSchema } from "@kombify/agent-contract";
import { tenants } from "@kombify/db/schema";
import { eq } from "drizzle-orm";
import type { z } from "zod";
import type { VerbContext } from "../context.ts";
import type { slugCheckView } from "./schemas.ts";
import { slugFromName } from "./slug.ts";
import { variantOf } from "./slug-variant.ts";

/** Whether an address can be had, why not, and one that can. Addresses are public, so this tells nothing secret. */
export async function checkSlug(ctx: VerbContext, slug: string): Promise<z.output<typeof slugCheckView>> {
  const parsed = slugSchema.safeParse(slug);
  if (!parsed.success)
    return {
      available: false,
      message: parsed.error.issues[0]?.message ?? "This is not an address.",
      suggestion: slugFromName(slug),
    };
  const taken = await ctx.db.transaction((tx) => tx.$count(tenants, eq(tenants.slug, slug)));
  if (taken === 0) return { available: true, message: null, suggestion: null };
  return { available: false, message: "This address is taken.", suggestion: variantOf(slug) };
}
