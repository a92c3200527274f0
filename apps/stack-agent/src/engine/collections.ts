/**
 * What a namespace consists of, in terms that every engine can make real. A change of {@link CURRENT_DEFINITION} raises
 * its version: hosts then bring their namespaces there, one after the other, by comparing what is with what is defined.
 */
import {
  JOB_STATES,
  JOB_TYPES,
  MEMBER_ROLES,
  NODE_ROLES,
  NODE_STATUSES,
  STACK_MODES,
  STACK_STATUSES,
} from "@kombify/agent-contract";
import type { Collection, Records } from "./records.ts";

/** `id`: what identifies a record, see RECORD_ID_PATTERN of the contract. */
export type FieldType = "id" | "text" | "integer" | "boolean" | "timestamp" | "json";
export type Field = {
  column: string;
  type: FieldType;
  isNullable: boolean;
  /** The record that it names must exist, and cannot go while it is named. */
  references?: Collection;
  /** The only values that clients of the engine's own API may write; the agent's own schemas say so for its API. */
  isOneOf?: readonly string[];
  /** What records get that were there before the field, and those that say nothing. Required for a new field that is never null. */
  initial?: unknown;
};

const field = (column: string, type: FieldType, isNullable = false): Field => ({ column, type, isNullable });

const oneOf = (column: string, isOneOf: readonly string[]): Field => ({ ...field(column, "text"), isOneOf });

const stamps = { createdAt: field("created_at", "timestamp"), updatedAt: field("updated_at", "timestamp") };

/** Every field of every collection: what can be written, filtered and, where it is never null, sorted by. */
export const FIELDS: { [C in Collection]: Record<keyof Records[C], Field> } = {
  users: {
    id: field("id", "id"),
    issuer: field("issuer", "text"),
    subject: field("subject", "text"),
    email: field("email", "text"),
    name: field("name", "text"),
    role: oneOf("role", MEMBER_ROLES),
    ...stamps,
    lastSeenAt: field("last_seen_at", "timestamp"),
  },
  stacks: {
    id: field("id", "id"),
    name: field("name", "text"),
    description: field("description", "text"),
    mode: oneOf("mode", STACK_MODES),
    status: oneOf("status", STACK_STATUSES),
    services: field("services", "json"),
    config: field("config", "json"),
    createdBy: field("created_by", "id", true),
    ...stamps,
    deletedAt: field("deleted_at", "timestamp", true),
  },
  nodes: {
    id: field("id", "id"),
    stackId: { ...field("stack_id", "id"), references: "stacks" },
    name: field("name", "text"),
    role: oneOf("role", NODE_ROLES),
    status: oneOf("status", NODE_STATUSES),
    address: field("address", "text"),
    metadata: field("metadata", "json"),
    ...stamps,
  },
  jobs: {
    id: field("id", "id"),
    type: oneOf("type", JOB_TYPES),
    state: oneOf("state", JOB_STATES),
    stackId: field("stack_id", "id", true),
    target: field("target", "text"),
    progress: field("progress", "integer"),
    step: field("step", "text"),
    message: field("message", "text"),
    error: field("error", "text", true),
    logs: field("logs", "json"),
    attempts: field("attempts", "integer"),
    maxAttempts: field("max_attempts", "integer"),
    createdBy: field("created_by", "id", true),
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

/** One column of an index: as it is, or with upper and lower case alike. */
type IndexPart = string | { ignoringCase: string };
export type Index = {
  /** Last part of its name: `stacks_acme_name`. */
  suffix: string;
  on: readonly IndexPart[];
  isUnique?: boolean;
  /** Only records for which a column is not set, or has one of these values. */
  where?: { isUnset: string } | { column: string; isOneOf: readonly string[] };
};

export type CollectionDefinition = { fields: Readonly<Record<string, Field>>; indexes: readonly Index[] };
export type NamespaceDefinition = { version: number; collections: Readonly<Record<Collection, CollectionDefinition>> };

/** What records brought along from elsewhere and no field has room for. No API shows it; it travels with the record. */
const extra: Field = { ...field("extra", "json"), initial: {} };

export const CURRENT_DEFINITION: NamespaceDefinition = {
  version: 2,
  collections: {
    users: {
      fields: { ...FIELDS.users, extra },
      indexes: [{ suffix: "subject", on: ["issuer", "subject"], isUnique: true }],
    },
    stacks: {
      fields: { ...FIELDS.stacks, extra },
      indexes: [
        { suffix: "name", on: [{ ignoringCase: "name" }], isUnique: true, where: { isUnset: "deleted_at" } },
        { suffix: "created", on: ["created_at", "id"] },
      ],
    },
    nodes: {
      fields: { ...FIELDS.nodes, extra },
      indexes: [{ suffix: "name", on: ["stack_id", { ignoringCase: "name" }], isUnique: true }],
    },
    jobs: {
      fields: { ...FIELDS.jobs, extra },
      indexes: [
        { suffix: "created", on: ["created_at", "id"] },
        {
          suffix: "open",
          on: ["state", "run_after"],
          where: { column: "state", isOneOf: ["pending", "running"] },
        },
      ],
    },
  },
};
