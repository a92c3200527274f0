/** Rotations as such, with kinds that a test makes: one at a time, by any worker, once, through every crash. */
import { ServiceError } from "@kombify/agent-contract";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { VerbContext } from "../context.ts";
import { createTestPlane, type TestPlane, testLog } from "../testing.ts";
import { startWorker } from "../worker.ts";
import type { Rotation, RotationStep, StepResult } from "./rotation.ts";
import { runRotation } from "./run-rotation.ts";
import { lookAtRotations } from "./schedule.ts";
import { cancelRotation, startRotation } from "./service.ts";
import { listRotations, readRotation } from "./views.ts";

let plane: TestPlane;
let ctx: VerbContext;
beforeAll(async () => {
  plane = await createTestPlane();
  ctx = plane.admin.asSystem("test");
});
beforeEach(() => plane.database.owner`truncate rotations, rotation_policies`);
afterAll(() => plane.close());

const step = (name: string, run: RotationStep["run"], more: Partial<RotationStep> = {}): RotationStep => ({
  name,
  run,
  ...more,
});
const kindOf = (steps: RotationStep[], more: Partial<Rotation> = {}): Rotation[] => [
  { kind: "signing-keys", title: "Test keys", everyDays: 30, steps, inUseSince: async () => null, ...more },
];
const done: StepResult = { isDone: true };
const begin = async (kinds: Rotation[]) => (await startRotation(ctx, { kind: "signing-keys" }, kinds)).id;
const view = async (id: string, kinds: Rotation[]) => {
  const found = await readRotation(ctx, id, kinds);
  if (!found) throw new Error("There is no such rotation.");
  return found;
};
const until = async <T>(read: () => Promise<T | null | false | undefined>): Promise<T> => {
  for (let tries = 0; tries < 300; tries++) {
    const value = await read();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("It did not happen.");
};

it("a second start of a kind is refused with the one that is under way, also when both come at once", async () => {
  const kinds = kindOf([step("one", async () => done)]);
  const starts = await Promise.allSettled([1, 2, 3, 4, 5].map(() => begin(kinds)));
  const won = starts.filter((start) => start.status === "fulfilled");
  expect(won).toHaveLength(1);
  await expect(begin(kinds)).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining(won[0]?.value ?? ""),
  });
  await runRotation(ctx, { id: won[0]?.value ?? "" }, kinds);
  await begin(kinds);
});

it("a worker that dies between two steps loses nothing: the next one goes on and repeats no finished step", async () => {
  const ran: string[] = [];
  let isDead = true;
  const kinds = kindOf([
    step("first", async () => {
      ran.push("first");
      return { isDone: true, notes: { made: "k1" } };
    }),
    step("second", async (_ctx, { notes }) => {
      ran.push(`second with ${notes?.made}`);
      // As if the process were gone: nothing of this run is written down any more.
      if (isDead) return new Promise<StepResult>(() => {});
      return done;
    }),
  ]);
  const id = await begin(kinds);
  void runRotation(ctx, { id }, kinds).catch(() => {});
  await until(async () => ran.length === 2);
  // Its connection to the database goes with it, and the lock with the connection.
  await plane.database.owner`select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and pid <> pg_backend_pid() and database = (select oid from pg_database where datname = current_database())`;
  isDead = false;
  await until(() => runRotation(ctx, { id }, kinds));
  expect(ran).toEqual(["first", "second with k1", "second with k1"]);
  expect((await view(id, kinds)).finishedAt).toBeInstanceOf(Date);
});

it("two workers never run a step at once, and each step runs once", async () => {
  let running = 0;
  let most = 0;
  const runs: string[] = [];
  const slow = (name: string) =>
    step(name, async () => {
      most = Math.max(most, ++running);
      runs.push(name);
      await new Promise((resolve) => setTimeout(resolve, 30));
      running--;
      return done;
    });
  const kinds = kindOf([slow("a"), slow("b"), slow("c")]);
  const id = await begin(kinds);
  await Promise.all([1, 2, 3, 4].map(() => runRotation(ctx, { id }, kinds)));
  expect(most).toBe(1);
  expect(runs).toEqual(["a", "b", "c"]);
});

it("a step that fails is kept with its words, is tried again later and later, and the rotation ends when it goes well", async () => {
  let failures = 0;
  const kinds = kindOf([
    step("brittle", async () => {
      if (++failures < 3) throw new Error(`the other side was away (${failures})`);
      return done;
    }),
  ]);
  const id = await begin(kinds);
  const waits: number[] = [];
  for (let n = 1; n < 3; n++) {
    await runRotation(ctx, { id }, kinds);
    const { error, steps } = await view(id, kinds);
    expect(error).toBe(`the other side was away (${n})`);
    expect(steps[0]).toMatchObject({ state: "failed", detail: error });
    waits.push((steps[0]?.retryAt?.getTime() ?? 0) - Date.now());
    const [job] = await plane.database.owner`select run_at from graphile_worker.jobs where key = ${`rotate ${id}`}`;
    expect(Math.abs(job?.run_at.getTime() - (steps[0]?.retryAt?.getTime() ?? 0))).toBeLessThan(2);
  }
  expect(waits[1]).toBeGreaterThan((waits[0] ?? 0) * 1.5);
  await runRotation(ctx, { id }, kinds);
  expect(await view(id, kinds)).toMatchObject({ error: null, finishedAt: expect.any(Date) });
});

it("what a failed statement was given is not told: it may be a password", async () => {
  const kinds = kindOf([
    step("alter", async (context) => {
      await context.db.transaction((tx) => tx.execute("select 'hunter2' from no_such_table"));
      return done;
    }),
  ]);
  const id = await begin(kinds);
  await runRotation(ctx, { id }, kinds);
  const { error } = await view(id, kinds);
  expect(error).toContain("no_such_table");
  expect(error).not.toContain("hunter2");
});

it("real workers carry it out by themselves, with waits, and the page hears of each step", async () => {
  let looks = 0;
  const kinds = kindOf([
    step("waits", async () =>
      ++looks < 3 ? { isDone: false, retryAfterMs: 50, detail: `looked ${looks} times` } : done,
    ),
    step("ends", async () => done),
  ]);
  const heard: string[] = [];
  const off = plane.admin.can.changes.on((change) => {
    if (change.noun === "rotations") heard.push(change.id);
  });
  const start = () =>
    startWorker({
      db: plane.admin.db,
      workerDatabaseUrl: plane.database.urls.worker,
      can: plane.admin.can,
      log: testLog,
      rotations: kinds,
    });
  const workers = await Promise.all([start(), start()]);
  try {
    const id = await begin(kinds);
    await until(async () => (await view(id, kinds)).finishedAt);
    expect(looks).toBe(3);
    expect(heard.filter((one) => one === id).length).toBeGreaterThanOrEqual(6);
  } finally {
    off();
    await Promise.all(workers.map((worker) => worker.stop()));
  }
});

it("a rotation is taken back before its point of no return, even while a step runs, and not after it", async () => {
  const taken: string[] = [];
  let finish = () => {};
  const kinds = kindOf(
    [
      step(
        "safe",
        () =>
          new Promise<StepResult>((resolve) => {
            finish = () => resolve({ isDone: false, retryAfterMs: 3_600_000, detail: "waits" });
          }),
      ),
      step("final", async () => ({ isDone: false, retryAfterMs: 3_600_000, detail: "waits" }), {
        noReturn: "It is done.",
      }),
    ],
    { cancel: async (_ctx, { id }) => void taken.push(id) },
  );
  const id = await begin(kinds);
  const running = runRotation(ctx, { id }, kinds);
  await until(async () => (await view(id, kinds)).steps[0]?.state === "running");
  await cancelRotation(ctx, { id }, kinds);
  await cancelRotation(ctx, { id }, kinds);
  finish();
  await running;
  expect(taken).toEqual([id]);
  expect(await view(id, kinds)).toMatchObject({ cancelledAt: expect.any(Date), finishedAt: expect.any(Date) });
  await expect(cancelRotation(ctx, { id }, kinds)).rejects.toMatchObject({ code: "PRECONDITION" });

  const past = kindOf(
    [step("final", async () => ({ isDone: false, retryAfterMs: 1, detail: "" }), { noReturn: "Too late." })],
    {
      cancel: async () => {},
    },
  );
  const next = await begin(past);
  await runRotation(ctx, { id: next }, past);
  await expect(cancelRotation(ctx, { id: next }, past)).rejects.toMatchObject({
    code: "PRECONDITION",
    message: expect.stringContaining("Too late."),
  });
  expect((await view(next, past)).cancelRefusal).toBe("Too late.");
});

it("a kind that finds no way back when it is asked to go back goes on", async () => {
  const kinds = kindOf([step("one", async () => done)], {
    cancel: async () => {
      throw new ServiceError("PRECONDITION", "There is only forward.");
    },
  });
  const id = await begin(kinds);
  await cancelRotation(ctx, { id }, kinds);
  await runRotation(ctx, { id }, kinds);
  expect(await view(id, kinds)).toMatchObject({ cancelledAt: null, finishedAt: expect.any(Date) });
});

it("the schedule begins what is due by its policy, once, and not again on the day that one ended", async () => {
  const now = new Date("2026-11-24T12:00:00Z");
  const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);
  let age = daysAgo(29);
  const kinds = kindOf([step("one", async () => done)], { inUseSince: async () => age });
  const look = (at = now) => lookAtRotations(ctx, { kinds, now: at });
  expect(await look()).toBe(0);
  age = daysAgo(31);
  const begun = await Promise.all([look(), look(), look()]);
  expect(begun.reduce((sum, count) => sum + count)).toBe(1);
  expect(await look()).toBe(0);
  const [listed] = await listRotations(ctx, kinds);
  expect(listed).toMatchObject({ everyDays: 30, running: { requestedBy: null } });
  await runRotation(ctx, { id: listed?.running?.id ?? "" }, kinds);
  await plane.database.owner`update rotations set finished_at = ${daysAgo(0.5)}`;
  expect(await look()).toBe(0);
  expect(await look(daysAgo(-1))).toBe(1);
});

it("a policy of staff stands over the kind's own, and null is by command only", async () => {
  const kinds = kindOf([], { inUseSince: async () => new Date(0) });
  await plane.database.owner`insert into rotation_policies (kind, every_days) values ('signing-keys', null)`;
  expect(await lookAtRotations(ctx, { kinds })).toBe(0);
  expect((await listRotations(ctx, kinds))[0]).toMatchObject({ everyDays: null, nextAt: null, defaultEveryDays: 30 });
  await plane.database.owner`update rotation_policies set every_days = 10`;
  expect(await lookAtRotations(ctx, { kinds })).toBe(1);
});

it("a look calls again for what a dead worker left in the queue", async () => {
  const kinds = kindOf([step("one", async () => done)]);
  const id = await begin(kinds);
  await plane.database.owner`delete from graphile_worker._private_jobs`;
  await lookAtRotations(ctx, { kinds });
  const [job] = await plane.database.owner`select from graphile_worker.jobs where key = ${`rotate ${id}`}`;
  expect(job).toBeDefined();
});
