import { type InstanceId, newIdAt } from "@kombify/db";
import { healthChecks } from "@kombify/db/schema";
import { eq, inArray } from "drizzle-orm";
import { z } from "zod";
import type { Collection } from "../collection.ts";
import { text, textOrEmpty, time } from "../field-schemas.ts";
import { healthWord } from "./health-words.ts";

const LONGEST_MS = 86_400_000;

const schema = z
  .object({
    instance: text(200),
    at: time,
    kind: healthWord,
    message: textOrEmpty(2000),
    responseMs: z
      .number({ error: "must be a number of milliseconds" })
      .min(0, "must not be negative")
      .max(LONGEST_MS, "is more than a day")
      .optional(),
  })
  .transform(({ message, responseMs, ...row }) => {
    const answered = responseMs ? `Answered in ${Math.round(responseMs)} ms` : "";
    return { ...row, detail: [message, answered].filter(Boolean).join(" · ") };
  });
type HealthCheck = z.output<typeof schema>;

export const healthCheckCollection: Collection<HealthCheck> = {
  name: "health_checks",
  calledThere: ["health_checks", "healthchecks", "instance_health", "instance_health_checks"],
  spellings: {
    instance: ["instance", "instance_id", "stack_instance"],
    at: ["checked", "checked_at", "at", "timestamp", "created", "created_at"],
    kind: ["status", "result", "health", "state", "kind"],
    message: ["message", "error", "detail"],
    responseMs: ["response_ms", "response_time_ms", "response_time", "latency_ms", "latency", "duration_ms"],
  },
  keptAsWell: ["kind", "responseMs"],
  schema,
  unique: null,
  owner: { field: "instance", collection: "instances" },
  idOf: (row) => newIdAt(new Date(row.at)),
  async insert(tx, rows) {
    const values = rows.map(({ id, ownerId, row: { at, kind, detail } }) => ({
      ...{ id, kind, detail, instanceId: ownerId as InstanceId },
      at: new Date(at),
    }));
    const written = await tx.insert(healthChecks).values(values).returning({ id: healthChecks.id });
    return written.map(({ id }) => id);
  },
  async update(tx, { id, ownerId, row: { at, kind, detail } }) {
    const changed = { kind, detail, instanceId: ownerId as InstanceId, at: new Date(at) };
    await tx.update(healthChecks).set(changed).where(eq(healthChecks.id, id));
  },
  async readBack(tx, ids, legacyIdOf) {
    const rows = await tx.select().from(healthChecks).where(inArray(healthChecks.id, ids));
    return new Map(
      rows.map(({ id, instanceId, at, kind, detail }) => [
        id,
        // A kind that is none of the four makes the rows differ, as it should.
        { instance: legacyIdOf(instanceId), at: at.toISOString(), kind: kind as HealthCheck["kind"], detail },
      ]),
    );
  },
};
