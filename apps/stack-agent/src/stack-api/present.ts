/** Records as the Stack's API gives them: the fields of the contract and no others, dates as text. */
import {
  invalidInput,
  jobSchema,
  listQuerySchema,
  nodeSchema,
  ServiceError,
  type Stack,
  type StackJob,
  type StackNode,
  stackSchema,
} from "@kombify/agent-contract";
import type { z } from "zod";
import type { NamespaceStore } from "../engine/engine.ts";
import type { JobRecord, NodeRecord, Records, StackRecord } from "../engine/records.ts";

type Listed = "stacks" | "nodes" | "jobs";
const SCHEMAS = { stacks: stackSchema, nodes: nodeSchema, jobs: jobSchema };

function pick(schema: z.ZodObject, record: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.keys(schema.shape).map((field) => {
    const value = record[field];
    return [field, value instanceof Date ? value.toISOString() : value];
  });
  return Object.fromEntries(entries);
}

export const presentStack = (record: StackRecord) => pick(stackSchema, record) as Stack;
export const presentNode = (record: NodeRecord) => pick(nodeSchema, record) as StackNode;
export const presentJob = (record: JobRecord) => pick(jobSchema, record) as StackJob;

/**
 * One page of a list, from the query of its URL.
 * @throws ServiceError INVALID naming every parameter that is wrong.
 */
export async function listPage<C extends Listed>(
  store: NamespaceStore,
  collection: C,
  query: Record<string, string>,
): Promise<{ items: Record<string, unknown>[]; nextCursor: string | null }> {
  const parsed = listQuerySchema.safeParse(query);
  if (!parsed.success) throw invalidInput(parsed.error);
  const { limit: _limit, cursor: _cursor, sort: _sort, ...filters } = query;
  const schema: z.ZodObject = SCHEMAS[collection];
  const known = Object.keys(schema.shape);
  const unknown = Object.keys(filters).filter((name) => !known.includes(name));
  const message = `This list has no such field. Filter by one of ${known.join(", ")}.`;
  if (unknown.length > 0)
    throw new ServiceError("INVALID", `${unknown[0]}: ${message}`, {
      fields: unknown.map((path) => ({ path, message })),
    });
  const where = collection === "stacks" ? { deletedAt: null } : {};
  const page = await store.list(collection, { ...parsed.data, filters, where });
  const items = page.items.map((record) => pick(schema, record as unknown as Record<string, unknown>));
  return { items, nextCursor: page.nextCursor };
}

/** The record of an id, which may be any text. @throws ServiceError NOT_FOUND. */
export async function getRecord<C extends Listed>(
  store: NamespaceStore,
  collection: C,
  id: string,
): Promise<Records[C]> {
  const isId = SCHEMAS[collection].shape.id.safeParse(id).success;
  const record = isId ? await store.get(collection, id) : null;
  const isDeleted = record !== null && "deletedAt" in record && record.deletedAt !== null;
  if (!record || isDeleted) throw new ServiceError("NOT_FOUND", `There is no such ${collection.slice(0, -1)}.`);
  return record;
}

/** @throws ServiceError INVALID for a change that changes nothing. */
export function assertSaysSomething(input: Record<string, unknown>): void {
  if (Object.values(input).some((value) => value !== undefined)) return;
  throw new ServiceError("INVALID", "Send at least one field to change.");
}
