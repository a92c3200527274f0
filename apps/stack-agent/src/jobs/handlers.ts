/**
 * What each kind of job does on this host. A handler may be run again from the start after a crash, so every step leaves
 * alone what an earlier run has done.
 */
import { ServiceError } from "@kombify/agent-contract";
import { v7 as uuid } from "uuid";
import type { NamespaceStore } from "../engine/engine.ts";
import type { JobRecord, NodeRecord, StackRecord } from "../engine/records.ts";
import { checkDefinition, type DefinedNode } from "./definition.ts";

export type JobContext = {
  store: NamespaceStore;
  job: JobRecord;
  /**
   * Records where the job is and asks whether it may go on.
   * @param progress 0 to 100. @throws when the job was cancelled, timed out, or taken over.
   */
  step(progress: number, step: string, message: string): Promise<void>;
};

/** @returns the closing message. @throws ServiceError for a fault that trying again would not mend. */
export type JobHandler = (context: JobContext) => Promise<string>;

async function stackOf({ store, job }: JobContext): Promise<StackRecord> {
  const stack = job.stackId ? await store.get("stacks", job.stackId) : null;
  if (!stack) throw new ServiceError("NOT_FOUND", "The stack of this job does not exist any more.");
  return stack;
}

const setStatus = (store: NamespaceStore, id: string, status: StackRecord["status"]) =>
  store.write([{ kind: "update", collection: "stacks", id, changes: { status, updatedAt: new Date() } }]);

async function registerNodes(store: NamespaceStore, stackId: string, defined: DefinedNode[]): Promise<number> {
  const { items: known } = await store.list("nodes", { limit: 200, sort: "createdAt", where: { stackId } });
  const names = new Set(known.map(({ name }) => name.toLowerCase()));
  const missing = defined.filter(({ name }) => !names.has(name.toLowerCase()));
  const now = new Date();
  const records = missing.map((node): NodeRecord => {
    return { id: uuid(), stackId, status: "pending", createdAt: now, updatedAt: now, ...node };
  });
  await store.write(records.map((record) => ({ kind: "create", collection: "nodes", record }) as const));
  return known.length + missing.length;
}

const countServices = ({ services }: StackRecord): string =>
  services.length === 1 ? "1 service" : `${services.length} services`;
const countNodes = (count: number): string => (count === 1 ? "1 node" : `${count} nodes`);

/** Leaves the stack `pending`: it runs once it is deployed to nodes that are connected. */
const provision: JobHandler = async (context) => {
  const { store, step } = context;
  const stack = await stackOf(context);
  await step(10, "Check the definition", `Checking ${countServices(stack)} and the configuration`);
  const defined = checkDefinition(stack);
  await setStatus(store, stack.id, "provisioning");
  await step(
    50,
    "Register the nodes",
    defined.length > 0 ? `The definition names ${countNodes(defined.length)}` : "The definition names no nodes",
  );
  const count = await registerNodes(store, stack.id, defined);
  await step(90, "Finish", `${countNodes(count)} registered`);
  await setStatus(store, stack.id, "pending");
  return count > 0 ? `Ready to deploy to ${countNodes(count)}` : "Ready. Add a node to deploy to";
};

const update: JobHandler = async (context) => {
  const { store, step } = context;
  const stack = await stackOf(context);
  await step(20, "Check the definition", `Checking ${countServices(stack)} and the configuration`);
  const defined = checkDefinition(stack);
  await step(60, "Register the nodes", `The definition names ${countNodes(defined.length)}`);
  const count = await registerNodes(store, stack.id, defined);
  // Only what this job knows better: a definition that was wrong and is right now.
  if (stack.status === "error" || stack.status === "draft" || stack.status === "provisioning")
    await setStatus(store, stack.id, "pending");
  return `The definition is right, with ${countNodes(count)}`;
};

const destroy: JobHandler = async (context) => {
  const { store, step } = context;
  const stack = await stackOf(context);
  const nodes = await store.countBy("nodes", "stackId", { stackId: stack.id });
  await step(30, "Remove the nodes", `Removing ${countNodes(nodes[stack.id] ?? 0)}`);
  await store.write([
    { kind: "removeAll", collection: "nodes", where: { stackId: stack.id } },
    { kind: "update", collection: "stacks", id: stack.id, changes: { status: "stopped", updatedAt: new Date() } },
  ]);
  return "Deleted";
};

export const HANDLERS: Partial<Record<JobRecord["type"], JobHandler>> = { provision, update, destroy };
