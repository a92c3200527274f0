/** Creating a namespace on an instance: the agent's PostgreSQL engine against the same tables and role by hand. */
import { join } from "node:path";
import { openPostgresEngine, provisionDatabase } from "@kombify/stack-agent/engine";
import postgres from "postgres";
import type { Cluster } from "../cluster.ts";
import { median, medianRatio, takeTurns } from "../measure.ts";
import type { Row } from "../table.ts";
import { assertSameNamespace, createByHand } from "./hand-written.ts";

const FEW = 10;
const MANY = 1_000;
const ROUNDS = 21;
const FILLERS = 3;
const MOST_RATIO = 2;

type Create = (slug: string) => Promise<unknown>;

async function timed(create: Create, slug: string): Promise<number> {
  const startedAt = performance.now();
  await create(slug);
  return performance.now() - startedAt;
}

async function compareAt(existing: number, ours: Create, byHand: Create): Promise<Row> {
  const { engine, hand } = await takeTurns(
    {
      engine: (round) => timed(ours, `e${existing}r${round}`),
      hand: (round) => timed(byHand, `h${existing}r${round}`),
    },
    ROUNDS,
  );
  const ratio = medianRatio(engine, hand);
  return {
    what: `namespace at ${existing.toLocaleString("en")} / same DDL by hand`,
    ours: `${median(engine).toFixed(1)} ms`,
    reference: `${median(hand).toFixed(1)} ms`,
    ratio,
    aim: { text: `<= ${MOST_RATIO}`, isHeld: ratio <= MOST_RATIO },
  };
}

/** Makes namespaces up to a number, a few at a time. */
async function fill(create: Create, from: number, to: number): Promise<void> {
  let next = from;
  const work = async () => {
    while (next < to) await create(`f${next++}`);
  };
  await Promise.all(Array.from({ length: FILLERS }, work));
}

/** Row 3: see README.md. */
export async function measureNamespaces(cluster: Cluster): Promise<Row[]> {
  const adminUrl = await cluster.createDatabase("stack");
  const passwordFile = join(cluster.folder, "agent-password");
  const url = await provisionDatabase({ adminUrl, role: "bench_agent", passwordFile });
  const engine = await openPostgresEngine({ url, rolePrefix: "ns_" });
  const sql = postgres(adminUrl, { max: 1, onnotice: () => undefined });
  try {
    const ours: Create = (slug) => engine.createNamespace(slug);
    const byHand: Create = (slug) => createByHand(sql, slug);
    await fill(ours, 0, FEW);
    await byHand("hand");
    await assertSameNamespace(sql, "f1", "hand");
    const atFew = await compareAt(FEW, ours, byHand);
    await fill(ours, FEW + 2 * (ROUNDS + 1), MANY);
    const atMany = await compareAt(MANY, ours, byHand);
    return [atFew, atMany];
  } finally {
    await Promise.all([engine.close(), sql.end({ timeout: 5 })]);
  }
}
