/** Whatever is done in whatever order, both engines do what the model does. */
import { ServiceError } from "@kombify/agent-contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { onEveryEngine } from "../../../test/engines.ts";
import { Model, Refused } from "../../../test/model.ts";
import { newNode, newStack, newTestJob } from "../../../test/records.ts";
import type { NamespaceStore, WriteOperation } from "../engine.ts";

const ID = (n: number) => `01900000-0000-7000-8000-${String(n).padStart(12, "0")}`;
/** Few ids and names, so that they meet. */
const id = fc.integer({ min: 1, max: 4 }).map(ID);
const name = fc.constantFrom("media", "Media", "MEDIA", "büro", "BÜRO", "a'b\"c\\", "z");
const status = fc.constantFrom("draft", "pending", "error") as fc.Arbitrary<"draft" | "pending" | "error">;
const when = fc.integer({ min: 0, max: 3 }).map((n) => new Date(1_700_000_000_000 + n));
const deletedAt = fc.option(when, { nil: null });

const stack = fc
  .record({ id, name, status, createdAt: when, deletedAt })
  .map((changes) => newStack({ ...changes, updatedAt: new Date(0) }));
const node = fc
  .record({ id, name, stackId: id, address: name })
  .map(({ stackId, ...changes }) => newNode(stackId, { ...changes, createdAt: new Date(0), updatedAt: new Date(0) }));
const job = fc
  .record({ id, stackId: fc.option(id, { nil: null }), createdAt: when })
  .map((changes) => newTestJob({ ...changes, runAfter: new Date(0) }));

const operation: fc.Arbitrary<WriteOperation> = fc.oneof(
  stack.map((record) => ({ kind: "create", collection: "stacks", record }) as const),
  node.map((record) => ({ kind: "create", collection: "nodes", record }) as const),
  job.map((record) => ({ kind: "create", collection: "jobs", record }) as const),
  fc
    .record({ id, name, status })
    .map(({ id, ...changes }) => ({ kind: "update", collection: "stacks", id, changes }) as const),
  fc
    .record({ id, deletedAt, status })
    .map(
      ({ id, deletedAt, status }) =>
        ({ kind: "update", collection: "stacks", id, where: { status }, changes: { deletedAt } }) as const,
    ),
  fc
    .record({ id, name })
    .map(
      ({ id, name }) =>
        ({ kind: "update", collection: "nodes", id, where: { name }, changes: { name: name.toUpperCase() } }) as const,
    ),
  id.map((id) => ({ kind: "remove", collection: "nodes", id }) as const),
  id.map((id) => ({ kind: "remove", collection: "stacks", id }) as const),
  id.map((id) => ({ kind: "require", collection: "stacks", id, where: { deletedAt: null } }) as const),
  fc
    .record({ stackId: id, address: name })
    .map(
      ({ stackId, address }) =>
        ({ kind: "updateAll", collection: "nodes", where: { stackId }, changes: { address } }) as const,
    ),
  id.map((stackId) => ({ kind: "removeAll", collection: "nodes", where: { stackId } }) as const),
  id.map(
    (stackId) =>
      ({
        kind: "updateAll",
        collection: "jobs",
        where: { stackId, state: "pending" },
        changes: { state: "canceled" },
      }) as const,
  ),
);

type Step =
  | { do: "write"; operations: WriteOperation[] }
  | { do: "claim" }
  | { do: "list"; collection: "stacks" | "nodes"; sort: string; where: object; limit: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: operation.map((one): Step => ({ do: "write", operations: [one] })) },
  {
    weight: 3,
    arbitrary: fc
      .array(operation, { minLength: 2, maxLength: 4 })
      .map((operations): Step => ({ do: "write", operations })),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "claim" }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("list" as const),
      collection: fc.constantFrom("stacks" as const, "nodes" as const),
      sort: fc.constantFrom("name", "-name", "id", "-id", "status", "-status"),
      where: fc.oneof(
        fc.constant({}),
        name.map((name) => ({ name })),
      ),
      limit: fc.integer({ min: 1, max: 3 }),
    }),
  },
);

const outcome = async (work: () => unknown): Promise<{ value?: unknown; refused?: string }> => {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof Refused || error instanceof ServiceError) return { refused: error.code };
    throw error;
  }
};

async function listAll(store: NamespaceStore, { collection, sort, where, limit }: Extract<Step, { do: "list" }>) {
  const found: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list(collection, { limit, sort, where: where as Record<string, unknown>, cursor });
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return found;
}

async function compare(store: NamespaceStore, model: Model, next: Step): Promise<void> {
  if (next.do === "list") {
    expect(await listAll(store, next)).toEqual(model.list(next.collection, next.sort, next.where));
    return;
  }
  if (next.do === "claim") {
    const expected = model.claimJob("r");
    const claimed = await store.claimJob("r", 3_600_000);
    if (expected === null) expect(claimed).toBeNull();
    else expect(claimed).toMatchObject(expected);
    return;
  }
  const [expected, actual] = [
    await outcome(() => model.write(next.operations)),
    await outcome(() => store.write(next.operations)),
  ];
  // A write of several steps may have several faults, and an engine may name any of them.
  if (next.operations.length > 1 && expected.refused) expect(actual.refused).toBeDefined();
  else expect(actual).toEqual(expected);
}

onEveryEngine("against a model", (tested) => {
  test("random operations end as they end in the model, refusals included", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const store = await tested.newStore();
        const model = new Model();
        for (const next of steps) await compare(store, model, next);
        for (const collection of ["stacks", "nodes"] as const)
          expect((await store.list(collection, { limit: 100, sort: "id" })).items).toEqual(model.all(collection));
        const jobs = (await store.list("jobs", { limit: 100, sort: "id" })).items;
        const picked = (job: (typeof jobs)[number]) => [job.id, job.state, job.attempts, job.leaseOwner, job.stackId];
        expect(jobs.map(picked)).toEqual(model.all("jobs").map(picked));
        await tested.engine.dropNamespace(store.tenant.slug);
      }),
      { numRuns: 40, endOnFailure: false },
    );
  }, 120_000);
});
