import { newId } from "@kombify/db";
import { flags } from "@kombify/db/schema";
import { eq, inArray, sql } from "drizzle-orm";
import { z } from "zod";
import { lockFlags, raiseFlagsRevision } from "../../flags/service.ts";
import type { Collection } from "../collection.ts";
import { nameLike, oneOf, text, textOrEmpty, time, truth } from "../field-schemas.ts";
import { rulesSchema, targetingOf } from "./flag-targeting.ts";

const json = z.record(z.string(), z.unknown(), { error: "must be an object" });

const schema = z
  .object({
    key: nameLike(/^[A-Za-z0-9][\w.-]{0,99}$/, "custom_domains_enabled"),
    isEnabled: truth.optional(),
    state: oneOf({ ENABLED: ["on", "active"], DISABLED: ["off", "inactive", "archived"] }).optional(),
    percent: z
      .number({ error: "must be a number" })
      .min(0, "must be 0 to 100")
      .max(100, "must be 0 to 100")
      .default(100),
    rules: rulesSchema.default([]),
    // A row that is a flagd definition already stays what it is.
    variants: json.optional(),
    defaultVariant: text(100).optional(),
    targeting: json.default({}),
    metadata: json.default({}),
    kind: text(40)
      .default("release")
      .transform((kind) => kind.toLowerCase().replaceAll(/[ -]/g, "_")),
    description: textOrEmpty(),
    owner: textOrEmpty(200),
    expiresAt: time.nullable().default(null),
    createdAt: time,
    updatedAt: time.optional(),
  })
  .transform(({ isEnabled, state, percent, rules, variants, defaultVariant, targeting, updatedAt, ...row }, ctx) => {
    if (isEnabled === undefined && state === undefined) {
      ctx.addIssue({ code: "custom", path: ["isEnabled"], message: "is missing" });
      return z.NEVER;
    }
    if (variants && !(defaultVariant !== undefined && Object.hasOwn(variants, defaultVariant))) {
      ctx.addIssue({ code: "custom", path: ["defaultVariant"], message: "must be one of the variants" });
      return z.NEVER;
    }
    return {
      ...row,
      state: state ?? (isEnabled ? ("ENABLED" as const) : ("DISABLED" as const)),
      ...(variants && defaultVariant !== undefined
        ? { variants, defaultVariant, targeting }
        : { variants: { on: true, off: false }, ...targetingOf(rules, percent) }),
      updatedAt: updatedAt ?? row.createdAt,
    };
  });
type Flag = z.output<typeof schema>;

const columns = ({ expiresAt, createdAt, updatedAt, ...row }: Flag) => ({
  ...row,
  expiresAt: expiresAt === null ? null : new Date(expiresAt),
  createdAt: new Date(createdAt),
  updatedAt: new Date(updatedAt),
});

export const flagCollection: Collection<Flag> = {
  name: "flags",
  calledThere: ["feature_flags", "flags", "featureflags"],
  spellings: {
    key: ["key", "name", "slug"],
    isEnabled: ["enabled", "is_enabled", "active"],
    state: ["state", "status"],
    percent: ["rollout_percentage", "rollout_percent", "rollout", "percentage", "percent"],
    rules: ["rules", "conditions"],
    variants: ["variants"],
    defaultVariant: ["default_variant"],
    targeting: ["targeting"],
    metadata: ["metadata"],
    kind: ["kind", "type", "category"],
    description: ["description", "summary"],
    owner: ["owner", "owner_email", "maintainer"],
    expiresAt: ["expires_at", "expires", "expiry"],
    createdAt: ["created", "created_at"],
    updatedAt: ["updated", "updated_at"],
  },
  keptAsWell: ["percent", "rules"],
  schema,
  unique: "key",
  owner: null,
  idOf: newId,
  // Documents are compiled from what is written here: hosts hear of it as of any other change.
  async insert(tx, rows) {
    await lockFlags(tx);
    const values = rows.map(({ id, row }) => ({ id, ...columns(row) }));
    const written = await tx
      .insert(flags)
      .values(values)
      .onConflictDoNothing({ target: flags.key })
      .returning({ id: flags.id });
    const ids = written.map(({ id }) => id);
    if (ids.length > 0) {
      const revision = await raiseFlagsRevision(tx);
      await tx.update(flags).set({ revision }).where(inArray(flags.id, ids));
    }
    return ids;
  },
  async update(tx, { id, row }) {
    const revision = await raiseFlagsRevision(tx);
    await tx
      .update(flags)
      .set({ ...columns(row), revision, version: sql`${flags.version} + 1` })
      .where(eq(flags.id, id));
  },
  async readBack(tx, ids) {
    const { id, key, state, variants, defaultVariant, targeting, metadata, kind, description, owner } = flags;
    const times = { expiresAt: flags.expiresAt, createdAt: flags.createdAt, updatedAt: flags.updatedAt };
    const taken = { id, key, state, variants, defaultVariant, targeting, metadata, kind, description, owner, ...times };
    const rows = await tx.select(taken).from(flags).where(inArray(flags.id, ids));
    return new Map(
      rows.map(({ id, defaultVariant, expiresAt, createdAt, updatedAt, ...row }) => [
        id,
        {
          ...row,
          defaultVariant: defaultVariant ?? "",
          expiresAt: expiresAt?.toISOString() ?? null,
          createdAt: createdAt.toISOString(),
          updatedAt: updatedAt.toISOString(),
        },
      ]),
    );
  },
};
