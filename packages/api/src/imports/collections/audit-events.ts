/** The old trail goes on in ours, at its own time and never rewritten: `update` is missing on purpose. */
import { newIdAt } from "@kombify/db";
import { auditEvents } from "@kombify/db/schema";
import { inArray } from "drizzle-orm";
import { z } from "zod";
import type { Collection } from "../collection.ts";
import { oneOf, optionalText, text, time } from "../field-schemas.ts";

/** Who did it: a name, an id, or an object that says both. */
const actor = z.union(
  [
    text(200).transform((name) => ({ name, id: null })),
    z
      .looseObject({ name: text(200).optional(), email: text(200).optional(), id: text(200).nullable().default(null) })
      .transform(({ name, email, id }) => ({ name: name ?? email ?? id ?? "", id })),
  ],
  { error: "must be a name of at most 200 characters" },
);

/** What it was done to: `tool:traefik`, `tools/traefik`, or an id. */
function targetOf(target: string, kind: string | null): { targetKind: string; targetId: string } {
  const split = /^([A-Za-z][\w-]{0,59})[:/](.+)$/s.exec(target);
  if (kind === null && split?.[1] && split[2]) return { targetKind: split[1], targetId: split[2] };
  return { targetKind: kind ?? "record", targetId: target };
}

const schema = z
  .object({
    at: time,
    actor: actor.default({ name: "system", id: null }),
    actorKind: oneOf({
      user: ["customer", "member"],
      staff: ["admin", "operator", "owner", "superuser", "viewer"],
      agent: ["instance", "host"],
      system: ["cron", "job", "service"],
    }).optional(),
    actorId: optionalText(200),
    action: text(100),
    target: text(500),
    targetKind: optionalText(60),
    summary: optionalText(2000),
  })
  .transform((row, ctx) => {
    const { targetKind, targetId } = targetOf(row.target, row.targetKind);
    const summary = row.summary ?? `${row.action} on ${targetKind} ${targetId}`;
    if (row.actor.name === "") ctx.addIssue({ code: "custom", path: ["actor"], message: "is missing" });
    // An old Admin center was for staff.
    const actorKind = row.actorKind ?? (row.actor.name.toLowerCase() === "system" ? "system" : "staff");
    return {
      ...{ at: row.at, actorKind, actorId: row.actorId ?? row.actor.id, actorName: row.actor.name },
      ...{ action: row.action, targetKind, targetId, summary },
    };
  });
type AuditEvent = z.output<typeof schema>;

export const auditEventCollection: Collection<AuditEvent> = {
  name: "audit_events",
  calledThere: ["audit", "audit_log", "audit_logs", "audit_events", "audit_trail"],
  spellings: {
    at: ["created", "created_at", "at", "timestamp", "time"],
    actor: ["actor", "actor_name", "actor_email", "user_name", "user_email", "user", "email", "by"],
    actorKind: ["actor_kind", "actor_type", "actor_role"],
    actorId: ["actor_id", "user_id"],
    action: ["action", "event", "verb"],
    target: ["target", "target_id", "resource", "resource_id", "entity", "entity_id", "record_id"],
    targetKind: ["target_kind", "target_type", "resource_type", "entity_type", "collection"],
    summary: ["summary", "message", "description"],
  },
  keptAsWell: [],
  schema,
  unique: null,
  owner: null,
  idOf: (row) => newIdAt(new Date(row.at)),
  async insert(tx, rows) {
    const values = rows.map(({ id, row: { at, ...row } }) => ({ id, at: new Date(at), ...row }));
    const written = await tx.insert(auditEvents).values(values).returning({ id: auditEvents.id });
    return written.map(({ id }) => id);
  },
  async readBack(tx, ids) {
    const rows = await tx.select().from(auditEvents).where(inArray(auditEvents.id, ids));
    return new Map(
      rows.map(({ id, at, actorKind, actorId, actorName, action, targetKind, targetId, summary }) => [
        id,
        { at: at.toISOString(), actorKind, actorId, actorName, action, targetKind, targetId, summary },
      ]),
    );
  },
};
