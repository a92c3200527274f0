/** Placement: tenants that wait get a place on one of 100 instances, by the product's own verb and by one UPDATE. */
import { placeTenant } from "@kombify/api/placement";
import { type Database, openDatabase, type TenantId } from "@kombify/db";
import type { Cluster } from "../cluster.ts";
import { median, medianRatio, takeTurns } from "../measure.ts";
import type { Row } from "../table.ts";
import { createFleet, type Fleet } from "./fleet.ts";
import { placeByHand } from "./hand-written.ts";

const TENANTS = 10_000;
const FEW_TENANTS = 100;
/** Sign-ups that arrive together. */
const AT_ONCE = 8;
const ROUNDS = 9;
const COST_ROUNDS = 11;
const COST_BATCH = 60;
const MOST_GROWTH = 1.3;

const placeByProduct = async (db: Database, tenantId: TenantId): Promise<void> => {
  const { status } = await db.as({ kind: "system" }).transaction((tx) => placeTenant(tx, tenantId));
  if (status !== "provisioning") throw new Error(`A tenant found no place: ${status}.`);
};

/** @returns how many a second. */
async function placeAll(ids: TenantId[], atOnce: number, place: (id: TenantId) => Promise<void>): Promise<number> {
  const queue = [...ids];
  const startedAt = performance.now();
  const work = async () => {
    for (let id = queue.pop(); id; id = queue.pop()) await place(id);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return (ids.length * 1000) / (performance.now() - startedAt);
}

async function measureThroughput(db: Database, fleet: Fleet): Promise<Row> {
  const batch = TENANTS / 2 / (ROUNDS + 1);
  const turn = async (place: (id: TenantId) => Promise<void>) => {
    await fleet.beat();
    return placeAll(fleet.takeWaiting(Math.ceil(batch)), AT_ONCE, place);
  };
  const { product, hand } = await takeTurns(
    {
      product: () => turn((id) => placeByProduct(db, id)),
      hand: () => turn((id) => placeByHand(fleet.sql, id)),
    },
    ROUNDS,
  );
  return {
    what: `placements, ${AT_ONCE} at a time / one UPDATE each`,
    ours: `${Math.round(median(product))}/s`,
    reference: `${Math.round(median(hand))}/s`,
    ratio: medianRatio(product, hand),
  };
}

/**
 * One after another, so that the figure is the cost of a placement and not of waiting for each other; now here, now there,
 * so that what else the machine does touches both.
 */
async function measureGrowth(many: [Database, Fleet], few: [Database, Fleet]): Promise<Row> {
  const costs = { many: [] as number[], few: [] as number[] };
  for (let round = 0; round <= COST_ROUNDS; round++) {
    const sides = [many, few].map(([db, fleet]) => ({ db, fleet, ids: fleet.takeWaiting(COST_BATCH), totalMs: 0 }));
    await Promise.all(sides.map(({ fleet }) => fleet.beat()));
    for (let index = 0; index < COST_BATCH; index++)
      for (const side of sides) {
        const startedAt = performance.now();
        await placeByProduct(side.db, side.ids[index]!);
        side.totalMs += performance.now() - startedAt;
      }
    for (const { fleet, ids } of sides) await fleet.giveBack(ids);
    const [atMany, atFew] = sides.map(({ totalMs }) => totalMs / COST_BATCH);
    // The first round warms up.
    if (round > 0) {
      costs.many.push(atMany!);
      costs.few.push(atFew!);
    }
  }
  const ratio = medianRatio(costs.many, costs.few);
  return {
    what: `one placement at ${TENANTS.toLocaleString("en")} tenants / at ${FEW_TENANTS}`,
    ours: `${median(costs.many).toFixed(2)} ms`,
    reference: `${median(costs.few).toFixed(2)} ms`,
    ratio,
    aim: { text: `<= ${MOST_GROWTH}`, isHeld: ratio <= MOST_GROWTH },
  };
}

/** Row 4: see README.md. */
export async function measurePlacement(cluster: Cluster): Promise<Row[]> {
  const manyUrls = await cluster.createControlDatabase("placement_many");
  const fewUrls = await cluster.createControlDatabase("placement_few");
  const manyDb = openDatabase({ url: manyUrls.webUrl });
  const fewDb = openDatabase({ url: fewUrls.webUrl });
  const many = await createFleet(manyUrls.ownerUrl, TENANTS + COST_BATCH * 2, AT_ONCE);
  const few = await createFleet(fewUrls.ownerUrl, COST_BATCH * 2, 1);
  try {
    const throughput = await measureThroughput(manyDb, many);
    const placed = Math.ceil(TENANTS / 2 / (ROUNDS + 1)) * 2 * (ROUNDS + 1);
    await many.assertConsistent(placed);
    await few.addPlaced(FEW_TENANTS);
    const growth = await measureGrowth([manyDb, many], [fewDb, few]);
    return [throughput, growth];
  } finally {
    await Promise.all([manyDb.close(), fewDb.close(), many.close(), few.close()]);
  }
}
