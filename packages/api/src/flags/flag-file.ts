/**
 * A flag as an entry of flagd's flag-definition file (flagd.dev/reference/flag-definitions), and back. What flagd has no
 * place for travels in `metadata`, whose values are scalars, under `kombify.*`, and only where it is not the default: an
 * export is imported again without loss, and a foreign file stays what it was.
 */

import { isDeepStrictEqual } from "node:util";
import { prerequisiteSchema, ServiceError } from "@kombify/agent-contract";
import { z } from "zod";
import type { FlagState } from "./flag-state.ts";
import { FLAG_LIFETIMES } from "./schemas.ts";

const isEmpty = (value: unknown): boolean =>
  value === null || (typeof value === "object" && Object.keys(value).length === 0);

const prerequisitesText = z
  .string()
  .transform((text, ctx) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      ctx.addIssue({ code: "custom", message: "Write a list of prerequisites as JSON." });
      return z.NEVER;
    }
  })
  .pipe(z.array(prerequisiteSchema));

/** What is ours in the metadata of a file's entry. */
const ourMetadata = z.object({
  "kombify.description": z.string().optional(),
  "kombify.owner": z.string().optional(),
  "kombify.kind": z.string().optional(),
  "kombify.lifetime": z.enum(FLAG_LIFETIMES).optional(),
  "kombify.expiresAt": z.coerce.date().optional(),
  "kombify.isSensitive": z.boolean().optional(),
  "kombify.offVariant": z.string().optional(),
  "kombify.prerequisites": prerequisitesText.optional(),
  "kombify.killedAt": z.coerce.date().optional(),
  "kombify.killedReason": z.string().optional(),
});

export const isOurMetadata = (name: string): boolean => Object.hasOwn(ourMetadata.shape, name);

/** Who answers for flags of foreign files, unless the importer says otherwise: not worth a word in a file. */
export const DEFAULT_OWNER = "imported";

/** The state of a flag that a file says nothing of but what flagd has. */
const PLAIN: Omit<FlagState, "state" | "variants" | "defaultVariant" | "targeting" | "metadata" | "fileExtras"> = {
  description: "",
  owner: DEFAULT_OWNER,
  kind: "release",
  lifetime: "temporary",
  expiresAt: null,
  isSensitive: false,
  offVariant: null,
  prerequisites: [],
  killedAt: null,
  killedReason: "",
};

const asScalar = (value: unknown): unknown =>
  value instanceof Date ? value.toISOString() : Array.isArray(value) ? JSON.stringify(value) : value;

/** An entry of a file. */
export function entryOf(flag: FlagState): Record<string, unknown> {
  const ours = Object.entries(PLAIN)
    .map(([name, plain]) => ({ name, plain, value: flag[name as keyof typeof PLAIN] }))
    .filter(({ plain, value }) => !isDeepStrictEqual(value, plain))
    .map(({ name, value }) => [`kombify.${name}`, asScalar(value)]);
  const metadata = { ...flag.metadata, ...Object.fromEntries(ours) };
  return {
    ...flag.fileExtras,
    state: flag.state,
    variants: flag.variants,
    ...(flag.defaultVariant === null ? {} : { defaultVariant: flag.defaultVariant }),
    ...(isEmpty(flag.targeting) ? {} : { targeting: flag.targeting }),
    ...(isEmpty(metadata) ? {} : { metadata }),
  };
}

const entrySchema = z.looseObject({
  state: z.enum(["ENABLED", "DISABLED"], { error: "is ENABLED or DISABLED" }),
  variants: z.record(z.string(), z.json()),
  defaultVariant: z.string().nullable().optional(),
  targeting: z.record(z.string(), z.json()).optional(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});

const KNOWN = Object.keys(entrySchema.shape);

function refuse(key: string, error: z.ZodError): never {
  throw new ServiceError("INVALID", `${key} is not as flagd has flags: ${z.prettifyError(error)}`, {
    fields: error.issues.map(({ path, message }) => ({ path: ["file", "flags", key, ...path].join("."), message })),
    cause: error,
  });
}

/**
 * The flag that an entry stands for.
 * @param before what stays so where the entry says nothing of it; the rest is as {@link PLAIN} has it.
 * @throws ServiceError INVALID when it is not an entry.
 */
export function stateOfEntry(key: string, entry: unknown, before: Partial<FlagState>): FlagState {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) refuse(key, parsed.error);
  const { state, variants, defaultVariant = null, targeting = {}, metadata = {} } = parsed.data;
  const ours = ourMetadata.safeParse(metadata);
  if (!ours.success) refuse(key, ours.error);
  const said = Object.fromEntries(
    Object.entries(ours.data)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name.replace("kombify.", ""), value]),
  );
  return {
    ...PLAIN,
    ...before,
    ...said,
    state,
    variants,
    defaultVariant,
    targeting,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([name]) => !isOurMetadata(name))),
    fileExtras: Object.fromEntries(
      Object.entries(parsed.data).filter(([name, value]) => !KNOWN.includes(name) || isEmpty(value)),
    ),
  };
}
