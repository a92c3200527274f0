/**
 * What a namespace consists of. A change here is a new entry in {@link NAMESPACE_STEPS}; entries that hosts already ran
 * are never edited.
 */
import type { Collection, Records } from "./records.ts";

export type FieldType = "uuid" | "text" | "integer" | "boolean" | "timestamp" | "json";
export type Field = { column: string; type: FieldType; isNullable: boolean };

const field = (column: string, type: FieldType, isNullable = false): Field => ({ column, type, isNullable });

const stamps = { createdAt: field("created_at", "timestamp"), updatedAt: field("updated_at", "timestamp") };

/** Every field of every collection: what can be written, filtered and, where it is never null, sorted by. */
export const FIELDS: { [C in Collection]: Record<keyof Records[C], Field> } = {
  users: {
    id: field("id", "uuid"),
    issuer: field("issuer", "text"),
    subject: field("subject", "text"),
    email: field("email", "text"),
    name: field("name", "text"),
    role: field("role", "text"),
    ...stamps,
    lastSeenAt: field("last_seen_at", "timestamp"),
  },
  stacks: {
    id: field("id", "uuid"),
    name: field("name", "text"),
    description: field("description", "text"),
    mode: field("mode", "text"),
    status: field("status", "text"),
    services: field("services", "json"),
    config: field("config", "json"),
    createdBy: field("created_by", "uuid", true),
    ...stamps,
    deletedAt: field("deleted_at", "timestamp", true),
  },
  nodes: {
    id: field("id", "uuid"),
    stackId: field("stack_id", "uuid"),
    name: field("name", "text"),
    role: field("role", "text"),
    status: field("status", "text"),
    address: field("address", "text"),
    metadata: field("metadata", "json"),
    ...stamps,
  },
  jobs: {
    id: field("id", "uuid"),
    type: field("type", "text"),
    state: field("state", "text"),
    stackId: field("stack_id", "uuid", true),
    target: field("target", "text"),
    progress: field("progress", "integer"),
    step: field("step", "text"),
    message: field("message", "text"),
    error: field("error", "text", true),
    logs: field("logs", "json"),
    attempts: field("attempts", "integer"),
    maxAttempts: field("max_attempts", "integer"),
    createdBy: field("created_by", "uuid", true),
    createdAt: field("created_at", "timestamp"),
    startedAt: field("started_at", "timestamp", true),
    completedAt: field("completed_at", "timestamp", true),
    leaseOwner: field("lease_owner", "text", true),
    leaseUntil: field("lease_until", "timestamp", true),
    runAfter: field("run_after", "timestamp"),
    isCancelRequested: field("is_cancel_requested", "boolean"),
  },
};

/** A field of a collection by the name a client used; undefined for a name that the collection does not declare. */
export function fieldOf(collection: Collection, name: string): Field | undefined {
  const fields: Record<string, Field> = FIELDS[collection];
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
