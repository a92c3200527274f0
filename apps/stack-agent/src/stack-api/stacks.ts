/** What can be done to stacks. Each verb writes the change and its job together, or neither. */
import type { createStackSchema, updateStackSchema } from "@kombify/agent-contract";
import { v7 as uuid } from "uuid";
import type { z } from "zod";
import type { JobRecord, StackRecord } from "../engine/records.ts";
import { checkDefinition } from "../jobs/definition.ts";
import { newJob } from "../jobs/new-job.ts";
import type { Caller } from "./caller.ts";
import { assertSaysSomething, getRecord } from "./present.ts";

type Acting = Pick<Caller, "store" | "userId">;

/** How jobs and logs call a stack. */
export const nameStack = (name: string): string => `stack "${name}"`;

/** @throws ServiceError CONFLICT when another stack has the name; INVALID when the definition is wrong. */
export async function createStack(
  { store, userId }: Acting,
  input: z.output<typeof createStackSchema>,
): Promise<{ stack: StackRecord; job: JobRecord }> {
  checkDefinition(input);
  const now = new Date();
  const base = {
    id: uuid(),
    status: "draft",
    createdBy: userId,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  } as const;
  const record: StackRecord = { ...base, ...input };
  const provision = newJob({
    type: "provision",
    stackId: record.id,
    target: nameStack(record.name),
    createdBy: userId,
  });
  const [stack, job] = await store.write([
    { kind: "create", collection: "stacks", record },
    { kind: "create", collection: "jobs", record: provision },
  ]);
  return { stack, job };
}

/** @throws ServiceError NOT_FOUND; CONFLICT when another stack has the name; INVALID when nothing would change. */
export async function updateStack(
  { store, userId }: Acting,
  id: string,
  input: z.output<typeof updateStackSchema>,
): Promise<{ stack: StackRecord; job: JobRecord }> {
  assertSaysSomething(input);
  const known = await getRecord(store, "stacks", id);
  checkDefinition({ services: input.services ?? known.services, config: input.config ?? known.config });
  const target = nameStack(input.name ?? known.name);
  const changes = { ...input, updatedAt: new Date() };
  const [stack, job] = await store.write([
    { kind: "update", collection: "stacks", id, where: { deletedAt: null }, changes },
    { kind: "create", collection: "jobs", record: newJob({ type: "update", stackId: id, target, createdBy: userId }) },
  ]);
  return { stack, job };
}

/**
 * Takes a stack out of sight at once and leaves the rest to its destroy job. Other jobs of the stack end: those that
 * wait now, those that run at their next step.
 */
export async function removeStack({ store, userId }: Acting, id: string): Promise<{ job: JobRecord }> {
  const known = await getRecord(store, "stacks", id);
  const now = new Date();
  const destroy = newJob({ type: "destroy", stackId: id, target: nameStack(known.name), createdBy: userId });
  const canceled = { state: "canceled", message: "The stack was deleted", completedAt: now } as const;
  const [, , , job] = await store.write([
    {
      kind: "update",
      collection: "stacks",
      id,
      where: { deletedAt: null },
      changes: { deletedAt: now, status: "stopping", updatedAt: now },
    },
    { kind: "updateAll", collection: "jobs", where: { stackId: id, state: "pending" }, changes: canceled },
    {
      kind: "updateAll",
      collection: "jobs",
      where: { stackId: id, state: "running" },
      changes: { isCancelRequested: true },
    },
    { kind: "create", collection: "jobs", record: destroy },
  ]);
  return { job };
}
