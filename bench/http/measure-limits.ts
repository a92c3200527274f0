/** Limits of plans: the same signed-in read, counted in Redis and not counted at all. */
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { startTestRedis } from "@kombify/api/testing/redis";
import postgres from "postgres";
import type { Cluster } from "../cluster.ts";
import { median, medianRatio, takeTurns } from "../measure.ts";
import { type Child, startChild } from "../processes.ts";
import type { Row } from "../table.ts";
import type { LoadOrder, LoadRequest, LoadResult } from "./load.ts";
import { type Person, seedPeople } from "./people.ts";

const ROUNDS = 7;
const TURN_MS = 1_500;
const CONNECTIONS = 64;
const LEAST_RATIO = 0.9;
const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const read = ({ token }: Person): LoadRequest => ({
  path: `/trpc/identity.me?batch=1&input=${encodeURIComponent("{}")}`,
  headers: { cookie: `kombify_cloud=${token}` },
});

/** Half of the people get the business plan, whose tokens come in blocks of thirty. */
async function giveBusiness(ownerUrl: string, people: Person[]): Promise<void> {
  const sql = postgres(ownerUrl, { max: 1 });
  const ids = people.map(({ tenantId }) => tenantId);
  await sql`update tenants set plan = 'business' where id in ${sql(ids)}`.finally(() => sql.end());
}

/** See README.md. */
export async function measureLimits(cluster: Cluster): Promise<Row[]> {
  const database = await cluster.createControlDatabase("limits");
  const people = await seedPeople(database.ownerUrl);
  const business = people.filter((_, i) => i % 2 === 0);
  const free = people.filter((_, i) => i % 2 === 1);
  await giveBusiness(database.ownerUrl, business);
  const redis = await startTestRedis();
  const children: Child[] = [];
  const start = (module: string, name: string, env: Record<string, string> = {}): Child => {
    const child = startChild(pathOf(module), { name, logFolder: cluster.folder, env });
    children.push(child);
    return child;
  };
  try {
    const env = { DATABASE_URL: database.webUrl, KOMBIFY_ENCRYPTION_KEY: randomBytes(32).toString("base64") };
    const counted = await start("product.ts", "counted", { ...env, REDIS_URL: redis.url }).nextMessage<string>();
    const uncounted = await start("product.ts", "uncounted", { ...env, UNCOUNTED: "1" }).nextMessage<string>();
    const load = start("load-process.ts", "load");
    const drive = async (origin: string, whose: Person[]): Promise<LoadResult> => {
      load.send({
        origin,
        requests: whose.map(read),
        connections: CONNECTIONS,
        durationMs: TURN_MS,
      } satisfies LoadOrder);
      const result = await load.nextMessage<LoadResult>();
      if (result.failures > 0) throw new Error(`${result.failures} requests to ${origin} were not answered with 200.`);
      return result;
    };
    const results = await takeTurns(
      {
        free: () => drive(counted, free),
        uncounted: () => drive(uncounted, people),
        business: () => drive(counted, business),
      },
      ROUNDS,
    );
    const rates = (of: readonly LoadResult[]) => of.map(({ perSecond }) => perSecond);
    const speed = (of: readonly LoadResult[]) => `${Math.round(median(rates(of))).toLocaleString("en")}/s`;
    return (["business", "free"] as const).map((plan) => {
      const ratio = medianRatio(rates(results[plan]), rates(results.uncounted));
      return {
        what: `identity.me, plan ${plan} counted in Redis / not counted`,
        ours: speed(results[plan]),
        reference: speed(results.uncounted),
        ratio,
        aim: { text: `>= ${LEAST_RATIO}`, isHeld: ratio >= LEAST_RATIO },
      };
    });
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await redis.drop();
  }
}
