/**
 * Instances of an old Admin center are history: they come as decommissioned, without internal address, certificate or
 * report, so that no tenant is ever placed on one and no host can join as one.
 */
import { type InstanceId, newId, notifyChange } from "@kombify/db";
import { instanceReports, instances } from "@kombify/db/schema";
import { eq, inArray } from "drizzle-orm";
import { z } from "zod";
import { instanceNameSchema } from "../../instances/schemas.ts";
import type { Collection } from "../collection.ts";
import { address, oneOf, text, textOrEmpty, time } from "../field-schemas.ts";
import { healthWord } from "./health-words.ts";

/** `Stack EU 1` becomes `stack-eu-1`; the name as it was stays among what is left over. */
const slugOf = (name: string): string =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");

const schema = z
  .object({
    name: text(200).transform((name, ctx) => {
      const slug = slugOf(name);
      if (instanceNameSchema.safeParse(slug).success) return slug;
      ctx.addIssue({ code: "custom", message: "must make a name of 2 to 40 letters, digits and hyphens" });
      return z.NEVER;
    }),
    region: textOrEmpty(60),
    publicUrl: address.nullable().default(null),
    engine: oneOf({ pocketbase: [], postgres: ["postgresql"] }).default("pocketbase"),
    capacity: z
      .number({ error: "must be a number" })
      .int("must be a whole number")
      .min(0, "must not be negative")
      .max(1_000_000, "is more than 1000000")
      .default(0),
    health: healthWord.default("unknown"),
    lastSeenAt: time.nullable().default(null),
    createdAt: time,
  })
  .transform((row) => ({ ...row, lifecycle: "decommissioned" as const }));
type Instance = z.output<typeof schema>;

const ofInstance = ({ name, region, publicUrl, engine, capacity, lifecycle, createdAt }: Instance) => ({
  ...{ name, region, publicUrl, engine, capacity, lifecycle },
  createdAt: new Date(createdAt),
});
const ofReport = ({ health, lastSeenAt }: Instance) => ({
  health,
  lastSeenAt: lastSeenAt === null ? null : new Date(lastSeenAt),
});

export const instanceCollection: Collection<Instance> = {
  name: "instances",
  calledThere: ["instances", "stack_instances", "stacks_instances"],
  spellings: {
    name: ["name", "key", "slug", "hostname"],
    region: ["region", "location", "datacenter"],
    publicUrl: ["public_url", "url", "base_url", "address"],
    engine: ["engine"],
    capacity: ["capacity", "max_tenants", "tenant_capacity"],
    health: ["health", "health_status", "status", "state"],
    lastSeenAt: ["last_seen_at", "last_seen", "last_health", "last_health_at", "last_heartbeat", "last_health_check"],
    createdAt: ["created", "created_at"],
  },
  keptAsWell: ["name", "health"],
  schema,
  unique: "name",
  owner: null,
  idOf: newId,
  async insert(tx, rows) {
    const values = rows.map(({ id, row }) => ({ id, ...ofInstance(row) }));
    const written = await tx
      .insert(instances)
      .values(values)
      .onConflictDoNothing({ target: instances.name })
      .returning({ id: instances.id });
    const ids = new Set<string>(written.map(({ id }) => id));
    const reports = rows.filter(({ id }) => ids.has(id)).map(({ id, row }) => ({ instanceId: id, ...ofReport(row) }));
    if (reports.length > 0) await tx.insert(instanceReports).values(reports);
    for (const id of ids) await notifyChange(tx, { noun: "instances", id });
    return [...ids];
  },
  async update(tx, { id, row }) {
    await tx.update(instances).set(ofInstance(row)).where(eq(instances.id, id));
    await tx.update(instanceReports).set(ofReport(row)).where(eq(instanceReports.instanceId, id));
    await notifyChange(tx, { noun: "instances", id });
  },
  async readBack(tx, ids) {
    const { id, name, region, publicUrl, engine, capacity, lifecycle, createdAt } = instances;
    const { health, lastSeenAt } = instanceReports;
    const rows = await tx
      .select({ id, name, region, publicUrl, engine, capacity, lifecycle, createdAt, health, lastSeenAt })
      .from(instances)
      .innerJoin(instanceReports, eq(instanceReports.instanceId, instances.id))
      .where(inArray(instances.id, ids as InstanceId[]));
    return new Map(
      rows.map((row) => [
        row.id as string,
        {
          ...{ name: row.name, region: row.region, publicUrl: row.publicUrl, engine: row.engine, health: row.health },
          // Whatever it is here: a lifecycle that staff changed makes the rows differ.
          ...{ capacity: row.capacity, lifecycle: row.lifecycle as "decommissioned" },
          lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
          createdAt: row.createdAt.toISOString(),
        },
      ]),
    );
  },
};
