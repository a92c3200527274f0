/** Readers that send the next read when the last is answered, each time of a tenant drawn at random. */
import type { Engine } from "@kombify/stack-agent/engine";
import { median, percentile } from "../measure.ts";
import { processorTime } from "./process-usage.ts";
import type { Tenant } from "./tenants.ts";

/** Reads under way at any time. */
export const READERS = 8;

export type Read = (engine: Engine, tenant: Tenant) => Promise<unknown>;

/** `list`: 20 nodes of a stack by creation; `get`: one node by id. */
export const READS = {
  list: (engine, tenant) =>
    engine
      .namespace(tenant)
      .list("nodes", { limit: 20, sort: "createdAt", filters: { stackId: tenant.stackId } })
      .then(({ items }) => {
        if (items.length !== 20) throw new Error(`${tenant.slug} answered with ${items.length} nodes and not 20.`);
      }),
  get: (engine, tenant) => {
    const id = tenant.nodeIds[Math.floor(Math.random() * tenant.nodeIds.length)] ?? "";
    return engine
      .namespace(tenant)
      .get("nodes", id)
      .then((node) => {
        if (node?.id !== id) throw new Error(`${tenant.slug} answered with another node than ${id}.`);
      });
  },
} satisfies Record<string, Read>;

/** Times in milliseconds. `processor`: time that one read keeps processors busy, ours and those of the engine. */
export type LoadSample = { perSecond: number; median: number; p95: number; processor: number };

export async function readAtRandom(
  engine: Engine,
  tenants: readonly Tenant[],
  read: Read,
  { durationMs, processes }: { durationMs: number; processes: readonly number[] },
): Promise<LoadSample> {
  const busyBefore = await processorTime([...processes, process.pid]);
  const times: number[] = [];
  const startedAt = performance.now();
  const work = async () => {
    for (let before = startedAt; before < startedAt + durationMs; ) {
      await read(engine, tenants[Math.floor(Math.random() * tenants.length)] as Tenant);
      const after = performance.now();
      times.push(after - before);
      before = after;
    }
  };
  await Promise.all(Array.from({ length: READERS }, work));
  const seconds = (performance.now() - startedAt) / 1000;
  const busy = (await processorTime([...processes, process.pid])) - busyBefore;
  return {
    perSecond: times.length / seconds,
    median: median(times),
    p95: percentile(times, 0.95),
    processor: busy / times.length,
  };
}

/** Reads every tenant several times, so that whatever the engine keeps of a tenant is there. */
export async function readAll(engine: Engine, tenants: readonly Tenant[], read: Read, times: number): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < times * tenants.length) await read(engine, tenants[next++ % tenants.length] as Tenant);
  };
  await Promise.all(Array.from({ length: READERS }, work));
}
