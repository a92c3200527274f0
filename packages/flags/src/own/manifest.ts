/**
 * kombify's own flags as they are delivered: a flagd flag-definition file, whose metadata also says who answers for each and
 * what for. New ones are made in every installation when it starts; from then on the editor's word counts, not this file's.
 */
import { flagKeySchema, variantNameSchema } from "@kombify/agent-contract";
import { z } from "zod";
import manifest from "../../own-flags.json" with { type: "json" };

const ownFlagSchema = z
  .strictObject({
    state: z.literal("ENABLED"),
    variants: z.record(variantNameSchema, z.json()),
    /** What counts while flags cannot be read, too. */
    defaultVariant: variantNameSchema,
    targeting: z.record(z.string(), z.json()).default({}),
    metadata: z.strictObject({
      description: z.string().min(1),
      owner: z.string().min(1),
      kind: z.enum(["release", "operations", "experiment", "permission"]),
      lifetime: z.enum(["temporary", "permanent"]),
      offVariant: variantNameSchema,
      // What the page "What is new" says of it.
      announce: z.string().optional(),
      announceText: z.string().optional(),
      announceLink: z.string().startsWith("/").optional(),
      announcedAt: z.iso.date().optional(),
    }),
  })
  .refine(
    ({ variants, defaultVariant, metadata }) => defaultVariant in variants && metadata.offVariant in variants,
    "The default variant and the off-variant are among the variants.",
  )
  .refine(
    ({ variants }) => new Set(Object.values(variants).map((value) => typeof value)).size === 1,
    "The variants are all of one type.",
  );

export const ownFlagsManifestSchema = z.strictObject({
  $schema: z.string().optional(),
  flags: z.record(flagKeySchema, ownFlagSchema),
});
export type OwnFlagsManifest = z.infer<typeof ownFlagsManifestSchema>;

export const OWN_FLAGS_MANIFEST: OwnFlagsManifest = ownFlagsManifestSchema.parse(manifest);
