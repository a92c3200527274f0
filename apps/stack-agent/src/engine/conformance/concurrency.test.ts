import { beforeEach, expect, test } from "vitest";
import { onEveryEngine } from "../../../test/engines.ts";
import { newNode, newStack, newTestJob } from "../../../test/records.ts";
import type { Engine, NamespaceStore } from "../engine.ts";

const WRITERS = 12;

onEveryEngine("concurrent writers", (tested) => {
  let stores: NamespaceStore[];
  let store: NamespaceStore;
  let another: Engine | undefined;
  beforeEach(async () => {
    store = await tested.newStore();
    another ??= await tested.open();
    // Every other writer is another process.
    const theirs = another.namespace(store.tenant);
    stores = Array.from({ length: WRITERS }, (_, i) => (i % 2 ? theirs : store));
  });
  const succeeded = (results: PromiseSettledResult<unknown>[]) =>
    results.filter(({ status }) => status === "fulfilled").length;
  const addStack = async () => {
    const [stack] = await store.write([{ kind: "create", collection: "stacks", record: newStack() }]);
    return stack;
  };

  test("of those who want one name, one gets it, the others are told", async () => {
    const results = await Promise.allSettled(
      stores.map((each) => each.write([{ kind: "create", collection: "stacks", record: newStack({ name: "Media" }) }])),
    );
    expect(succeeded(results)).toBe(1);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "CONFLICT" });
  });

  test("of those who change a record that must be in a certain state, one does", async () => {
    const stack = await addStack();
    const results = await Promise.allSettled(
      stores.map((each, i) =>
        each.write([
          {
            kind: "update",
            collection: "stacks",
            id: stack.id,
            where: { status: "draft" },
            changes: { status: "pending" },
          },
          { kind: "create", collection: "jobs", record: newTestJob({ stackId: stack.id, target: `by ${i}` }) },
        ]),
      ),
    );
    expect(succeeded(results)).toBe(1);
    expect(await store.countBy("jobs", "state")).toEqual({ pending: 1 });
  });

  test("a node is not added to a stack that is being deleted, whoever comes first", async () => {
    for (let round = 0; round < 5; round++) {
      const stack = await addStack();
      const removal = store.write([
        {
          kind: "update",
          collection: "stacks",
          id: stack.id,
          where: { deletedAt: null },
          changes: { deletedAt: new Date() },
        },
        { kind: "removeAll", collection: "nodes", where: { stackId: stack.id } },
      ]);
      const additions = Promise.allSettled(
        stores.map((each, i) =>
          each.write([
            { kind: "require", collection: "stacks", id: stack.id, where: { deletedAt: null } },
            { kind: "create", collection: "nodes", record: newNode(stack.id, { name: `n${i}` }) },
          ]),
        ),
      );
      await Promise.all([removal, additions]);
      expect(await store.countBy("nodes", "stackId", { stackId: stack.id })).toEqual({});
    }
  });

  test("every job is claimed once, by whatever process", async () => {
    const jobs = Array.from({ length: 6 }, () => newTestJob());
    await store.write(jobs.map((record) => ({ kind: "create", collection: "jobs", record }) as const));
    const claims = await Promise.all(stores.map((each, i) => each.claimJob(`runner ${i}`, 60_000)));
    const claimed = claims.flatMap((job) => job?.id ?? []);
    expect(new Set(claimed).size).toBe(claimed.length);
    expect(claimed.length).toBe(jobs.length);
  });

  test("no log line of a job is lost when its steps come close together", async () => {
    const [job] = await store.write([{ kind: "create", collection: "jobs", record: newTestJob() }]);
    await store.claimJob("r", 60_000);
    const at = new Date().toISOString();
    await Promise.all(
      stores.map((each, i) =>
        each.advanceJob(job.id, "r", 60_000, {
          progress: i,
          step: "s",
          message: "m",
          line: { at, message: `line ${i}` },
        }),
      ),
    );
    const lines = (await store.get("jobs", job.id))?.logs.map(({ message }) => message).sort();
    expect(lines).toEqual(stores.map((_, i) => `line ${i}`).sort());
  });
});
