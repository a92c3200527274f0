import { v7 as uuid } from "uuid";
import { beforeEach, expect, test } from "vitest";
import { onEveryEngine } from "../../../test/engines.ts";
import { newTestJob } from "../../../test/records.ts";
import type { NamespaceStore } from "../engine.ts";

onEveryEngine("jobs", (tested) => {
  let store: NamespaceStore;
  beforeEach(async () => {
    store = await tested.newStore();
  });

  test("a job is claimed by exactly one of many runners", async () => {
    await store.write([{ kind: "create", collection: "jobs", record: newTestJob() }]);
    const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => store.claimJob(`runner ${i}`, 60_000)));
    expect(claims.filter((job) => job !== null)).toHaveLength(1);
  });

  test("jobs of one stack run one after the other, those of others beside it", async () => {
    const [a, b] = [uuid(), uuid()];
    const jobs = [a, a, b].map((stackId) => newTestJob({ stackId }));
    for (const record of jobs) await store.write([{ kind: "create", collection: "jobs", record }]);
    const claimed = [
      await store.claimJob("r", 60_000),
      await store.claimJob("r", 60_000),
      await store.claimJob("r", 60_000),
    ];
    expect(claimed.map((job) => job?.id)).toEqual([jobs[0]?.id, jobs[2]?.id, undefined]);
  });

  test("a lost lease is taken over, and the job's former runner can no longer write", async () => {
    const job = newTestJob();
    await store.write([{ kind: "create", collection: "jobs", record: job }]);
    await store.claimJob("first", 0);
    expect(await store.claimJob("second", 60_000)).toMatchObject({ id: job.id, attempts: 2, leaseOwner: "second" });
    expect(await store.advanceJob(job.id, "first", 60_000)).toBeNull();
    const line = { at: new Date().toISOString(), message: "went on" };
    const advanced = await store.advanceJob(job.id, "second", 60_000, { progress: 50, step: "s", message: "m", line });
    expect(advanced).toMatchObject({ progress: 50, logs: [line] });
  });

  test("a job that loses its last lease fails and stays failed", async () => {
    const job = newTestJob({ maxAttempts: 1 });
    await store.write([{ kind: "create", collection: "jobs", record: job }]);
    await store.claimJob("r", 0);
    expect(await store.claimJob("r", 60_000)).toBeNull();
    expect(await store.failLostJobs("its runner went away")).toMatchObject([{ id: job.id, state: "failed" }]);
  });
});
