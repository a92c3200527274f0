import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { onEveryEngine } from "../../../test/engines.ts";
import { newStack } from "../../../test/records.ts";
import type { NamespaceStore } from "../engine.ts";
import type { Page } from "../list-query.ts";
import type { StackRecord } from "../records.ts";

const STACKS = 40;

onEveryEngine("paging", (tested) => {
  let store: NamespaceStore;
  beforeAll(async () => {
    store = await tested.newStore();
    // Few different values, so that many records share one and the id has to decide.
    const records = Array.from({ length: STACKS }, (_, i) =>
      newStack({
        name: `n${i}`,
        description: `d${i % 3}`,
        mode: i % 2 ? "easy" : "techie",
        createdAt: new Date(i % 5),
        updatedAt: new Date(0),
      }),
    );
    await store.write(records.map((record) => ({ kind: "create", collection: "stacks", record }) as const));
  });

  async function walk(sort: string, limit: number): Promise<string[]> {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Page<StackRecord> = await store.list("stacks", { limit, sort, cursor: cursor ?? undefined });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor);
    return seen;
  }

  test("whatever the sort and the size of a page, a walk meets every record once and in order", async () => {
    const sorts = ["id", "name", "description", "mode", "status", "createdAt", "updatedAt"].flatMap((field) => [
      field,
      `-${field}`,
    ]);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...sorts), fc.integer({ min: 1, max: STACKS + 1 }), async (sort, limit) => {
        const walked = await walk(sort, limit);
        expect(new Set(walked).size).toBe(STACKS);
        expect(walked).toEqual(await walk(sort, 200));
      }),
      { numRuns: 40 },
    );
  });
});
