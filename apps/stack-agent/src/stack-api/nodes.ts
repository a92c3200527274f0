/** What can be done to the nodes of a stack. Every change makes an update job of the stack, in the same write. */
import type { createNodeSchema, updateNodeSchema } from "@kombify/agent-contract";
import { v7 as uuid } from "uuid";
import type { z } from "zod";
import type { NodeRecord } from "../engine/records.ts";
import { newJob } from "../jobs/new-job.ts";
import type { Caller } from "./caller.ts";
import { assertSaysSomething, getRecord } from "./present.ts";

type Acting = Pick<Caller, "store" | "userId">;

const updateJob = (stackId: string, nodeName: string, createdBy: string | null) => {
  const record = newJob({ type: "update", stackId, target: `node "${nodeName}"`, createdBy });
  return { kind: "create", collection: "jobs", record } as const;
};

/** Holds the stack alive until the write is done: no node is added to one that is being deleted. */
const liveStack = (id: string) => ({ kind: "require", collection: "stacks", id, where: { deletedAt: null } }) as const;

/** @throws ServiceError NOT_FOUND when there is no such stack; CONFLICT when one of its nodes has the name. */
export async function createNode(
  { store, userId }: Acting,
  input: z.output<typeof createNodeSchema>,
): Promise<NodeRecord> {
  const now = new Date();
  const record: NodeRecord = { id: uuid(), status: "pending", createdAt: now, updatedAt: now, ...input };
  const [, node] = await store.write([
    liveStack(input.stackId),
    { kind: "create", collection: "nodes", record },
    updateJob(input.stackId, input.name, userId),
  ]);
  return node;
}

/** @throws ServiceError NOT_FOUND, CONFLICT, or INVALID when nothing would change. */
export async function updateNode(
  { store, userId }: Acting,
  id: string,
  input: z.output<typeof updateNodeSchema>,
): Promise<NodeRecord> {
  assertSaysSomething(input);
  const known = await getRecord(store, "nodes", id);
  const [, node] = await store.write([
    liveStack(known.stackId),
    { kind: "update", collection: "nodes", id, changes: { ...input, updatedAt: new Date() } },
    updateJob(known.stackId, input.name ?? known.name, userId),
  ]);
  return node;
}

/** @throws ServiceError NOT_FOUND. */
export async function removeNode({ store, userId }: Acting, id: string): Promise<void> {
  const known = await getRecord(store, "nodes", id);
  await store.write([
    liveStack(known.stackId),
    { kind: "remove", collection: "nodes", id },
    updateJob(known.stackId, known.name, userId),
  ]);
}
