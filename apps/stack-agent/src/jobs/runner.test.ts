import { ServiceError } from "@kombify/agent-contract";
import { createLogger } from "@kombify/server";
import { v7 as uuid } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { newNode, newStack, newTestJob } from "../../test/records.ts";
import { createTestEngine, type TestEngine } from "../../test/test-engine.ts";
import type { NamespaceStore, TenantRef } from "../engine/engine.ts";
import type { JobRecord, StackRecord } from "../engine/records.ts";
import { cancelJob } from "./cancel-job.ts";
import { createJobFeed } from "./feed.ts";
import type { JobHandler } from "./handlers.ts";
import { type JobRunner, startJobRunner } from "./runner.ts";

const log = createLogger({ name: "test", level: "silent" });
let db: TestEngine;
let tenant: TenantRef;
let store: NamespaceStore;
const runners: JobRunner[] = [];
let count = 0;
beforeAll(async () => {
  db = await createTestEngine();
});
afterAll(() => db.drop());
beforeEach(async () => {
  tenant = { id: uuid(), slug: `jobs${count++}` };
  await db.engine.createNamespace(tenant.slug);
  store = db.engine.namespace(tenant);
});
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.stop();
});

const start = (handlers?: Partial<Record<JobRecord["type"], JobHandler>>, timeoutMs?: number): JobRunner => {
  const overrides = { ...(handlers ? { handlers } : {}), ...(timeoutMs ? { timeoutMs } : {}) };
  const runner = startJobRunner({ engine: db.engine, feed: createJobFeed(), log, ...overrides });
  runners.push(runner);
  runner.wake(tenant);
  return runner;
};
const enqueue = async (job: Partial<JobRecord>, stack?: StackRecord) => {
  const record = newTestJob({ ...(stack ? { stackId: stack.id } : {}), ...job });
  if (stack) await store.write([{ kind: "create", collection: "stacks", record: stack }]);
  await store.write([{ kind: "create", collection: "jobs", record }]);
  return record.id;
};
const job = (id: string) => store.get("jobs", id);
const ended = (id: string, state: JobRecord["state"]) =>
  expect.poll(async () => (await job(id))?.state, { timeout: 15_000 }).toBe(state);
/** Runs until somebody lets it go on. */
const gate = () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const handler: JobHandler = async ({ step }) => {
    await step(10, "Wait", "at the gate");
    reach();
    await opened;
    await step(50, "Go", "through the gate");
    return "done";
  };
  return { handler, reached, open };
};

test("a finished provision leaves its stack pending, its nodes registered once, its steps in the log", async () => {
  const stack = newStack({ config: { nodes: [{ name: "nas", role: "storage" }, { name: "mini" }] } });
  const id = await enqueue({}, stack);
  await store.write([{ kind: "create", collection: "nodes", record: newNode(stack.id, { name: "NAS" }) }]);
  start();
  await ended(id, "completed");
  expect(await store.get("stacks", stack.id)).toMatchObject({ status: "pending" });
  expect((await store.list("nodes", { limit: 9, sort: "name" })).items.map(({ name }) => name).sort()).toEqual([
    "NAS",
    "mini",
  ]);
  const finished = await job(id);
  expect(finished).toMatchObject({ progress: 100, attempts: 1, leaseOwner: null, error: null });
  expect(finished?.logs.map(({ message }) => message.split(":")[0])).toEqual([
    "Check the definition",
    "Register the nodes",
    "Finish",
    "Done",
  ]);
  expect(finished?.completedAt).toBeInstanceOf(Date);
});

test("a definition that is wrong fails the job at once and marks the stack", async () => {
  const stack = newStack({ services: ["Not A Service"] });
  const id = await enqueue({}, stack);
  start();
  await ended(id, "failed");
  expect(await job(id)).toMatchObject({ attempts: 1, error: expect.stringContaining("Not A Service") });
  expect(await store.get("stacks", stack.id)).toMatchObject({ status: "error" });
});

test("a waiting job is cancelled at once, a running one at its next step, and the stack is not left being set up", async () => {
  const { handler, reached, open } = gate();
  const stack = newStack({ status: "provisioning" });
  const running = await enqueue({}, stack);
  const waiting = await enqueue({ stackId: stack.id });
  start({ provision: handler });
  await reached;
  for (const id of [running, waiting]) await cancelJob(store, (await job(id)) as JobRecord);
  expect((await job(waiting))?.state).toBe("canceled");
  open();
  await ended(running, "canceled");
  expect(await store.get("stacks", stack.id)).toMatchObject({ status: "draft" });
});

test("a job that hangs is failed and not left running", async () => {
  const id = await enqueue({});
  start({ provision: () => new Promise(() => undefined) }, 200);
  await ended(id, "failed");
  expect((await job(id))?.message).toBe("Took too long");
});

test("a fault of the host is tried again, in the end the job fails", async () => {
  const id = await enqueue({ attempts: 2 });
  start({ provision: () => Promise.reject(new Error("disk on fire, password=hunter2")) });
  await ended(id, "failed");
  expect(await job(id)).toMatchObject({
    attempts: 3,
    error: "Something went wrong on this host. It was tried 3 times.",
  });
});

test("stopping the process puts a running job back, and the next start finishes it", async () => {
  const { handler, reached, open } = gate();
  const id = await enqueue({});
  const runner = start({ provision: handler });
  await reached;
  const stopped = runner.stop();
  open();
  await stopped;
  expect(await job(id)).toMatchObject({ state: "pending", attempts: 0 });
  start({ provision: async () => "done" });
  await ended(id, "completed");
});

test("a job whose process was killed is taken over when its lease runs out", async () => {
  const id = await enqueue({});
  await store.claimJob("a process that is gone", 500);
  start({ provision: async () => "done" });
  await ended(id, "completed");
  expect((await job(id))?.attempts).toBe(2);
});

test("a job whose process was killed once too often fails with its stack marked", async () => {
  const stack = newStack({ status: "provisioning" });
  const id = await enqueue({ maxAttempts: 1 }, stack);
  await store.claimJob("a process that is gone", 0);
  start();
  await ended(id, "failed");
  expect(await store.get("stacks", stack.id)).toMatchObject({ status: "error" });
});

test("kinds of jobs that this host cannot run fail with the reason", async () => {
  const id = await enqueue({ type: "drift_check" });
  start();
  await ended(id, "failed");
  expect((await job(id))?.error).toContain("drift_check");
});

test("a job whose write had to wait too long for a pause of its tenant is tried again, not failed", async () => {
  const id = await enqueue({});
  start({
    provision: async ({ job: { attempts } }) => {
      if (attempts === 1) throw new ServiceError("PRECONDITION", "Being copied.", { retryAfterSeconds: 5 });
      return "done";
    },
  });
  await expect.poll(async () => (await job(id))?.state).toBe("pending");
  await ended(id, "completed");
});
