import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { enqueueJob } from "./queue.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

const jobs = () =>
  test.owner`select identifier, payload from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id`;

it("a job exists exactly when its transaction committed", async () => {
  const system = test.db.as({ kind: "system" });
  await expect(
    system.transaction(async (tx) => {
      await enqueueJob(tx, "place-waiting", { n: 1 });
      throw new Error("changed my mind");
    }),
  ).rejects.toThrow("changed my mind");
  expect(await jobs()).toHaveLength(0);
  await system.transaction((tx) => enqueueJob(tx, "place-waiting", { n: 2 }));
  expect(await jobs()).toEqual([{ identifier: "place-waiting", payload: { n: 2 } }]);
});

it("a scope role can add jobs but not read what others added", async () => {
  const bare = postgres(test.urls.web, { max: 1 });
  await expect(
    bare.begin(async (tx) => {
      await tx`select set_config('role', 'kombify_tenant', true)`;
      await tx`select * from graphile_worker._private_jobs`;
    }),
  ).rejects.toMatchObject({ code: "42501" });
  await bare.end();
});
