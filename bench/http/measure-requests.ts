/** Requests: a signed-in read through the whole stack, and pages, each against the same by hand. */
import postgres from "postgres";
import type { Cluster } from "../cluster.ts";
import { median, medianRatio, takeTurns } from "../measure.ts";
import type { Row } from "../table.ts";
import type { LoadRequest, LoadResult } from "./load.ts";
import { type Person, seedPeople } from "./people.ts";
import { type Servers, startServers } from "./servers.ts";

const ROUNDS = 7;
const READ_MS = 2_000;
const PAGE_ROUNDS = 4;
const PAGE_MS = 1_500;
const LEAST_RATIO = 0.7;
const MOST_P95_MS = 200;

const cookieOf = ({ token }: Person) => ({ cookie: `kombify_cloud=${token}` });
/** As the product's own client sends it: a batch, here of one. */
export const trpcRead = (person: Person, headers: Record<string, string> = cookieOf(person)): LoadRequest => ({
  path: `/trpc/tenants.get?batch=1&input=${encodeURIComponent(JSON.stringify({ 0: { json: { slug: person.slug } } }))}`,
  headers,
});
const handRead = (person: Person): LoadRequest => ({ path: `/tenants/${person.slug}`, headers: cookieOf(person) });
const rememberedRead = (person: Person): LoadRequest => ({
  path: `/remembered/${person.slug}`,
  headers: cookieOf(person),
});
const bareRead = ({ tenantId }: Person): LoadRequest => ({ path: `/bare/${tenantId}`, headers: {} });

const rates = (results: readonly LoadResult[]): number[] => results.map(({ perSecond }) => perSecond);
const p95 = (results: readonly LoadResult[]): number => median(results.map(({ p95Ms }) => p95Ms));
const speed = (results: readonly LoadResult[]): string =>
  `${Math.round(median(rates(results))).toLocaleString("en")}/s, p95 ${Math.round(p95(results))} ms`;
export const compare = (what: string, ours: readonly LoadResult[], reference: readonly LoadResult[]): Row => ({
  what,
  ours: speed(ours),
  reference: speed(reference),
  ratio: medianRatio(rates(ours), rates(reference)),
});

/** Both sides must have read the same homelab, or nothing that follows means anything. */
async function assertSameAnswer(servers: Servers, person: Person): Promise<void> {
  const read = async (origin: string, { path, headers }: LoadRequest): Promise<string> =>
    (await fetch(origin + path, { headers })).text();
  const ours = await read(servers.productUrl, trpcRead(person));
  const theirs: unknown = JSON.parse(await read(servers.handWrittenUrl, handRead(person)));
  for (const field of ["id", "slug", "createdAt", "instanceId", "publicUrl", "lastSeenAt"]) {
    const value = JSON.stringify((theirs as Record<string, unknown>)[field]);
    if (value === undefined || !ours.includes(value)) throw new Error(`The answers differ in ${field}: ${ours}`);
  }
}

async function measureReads(servers: Servers, people: Person[]): Promise<Row[]> {
  const { productUrl, handWrittenUrl, drive } = servers;
  const [trpc, hand, remembered, bare] = [trpcRead, handRead, rememberedRead, bareRead].map((make) =>
    people.map((person) => make(person)),
  );
  const results = await takeTurns(
    {
      product: () => drive(productUrl, trpc ?? [], READ_MS),
      hand: () => drive(handWrittenUrl, hand ?? [], READ_MS),
      remembered: () => drive(handWrittenUrl, remembered ?? [], READ_MS),
      bare: () => drive(handWrittenUrl, bare ?? [], READ_MS),
    },
    ROUNDS,
  );
  const main = compare("tenants.get over tRPC / by hand", results.product, results.hand);
  const latency = p95(results.product);
  return [
    { ...main, aim: { text: `>= ${LEAST_RATIO}`, isHeld: (main.ratio ?? 0) >= LEAST_RATIO } },
    {
      what: "  its p95 at 64 connections",
      ours: `${Math.round(latency)} ms`,
      reference: `${Math.round(p95(results.hand))} ms`,
      ratio: null,
      aim: { text: `< ${MOST_P95_MS} ms`, isHeld: latency < MOST_P95_MS },
    },
    compare("  / by hand, sessions remembered too", results.product, results.remembered),
    compare("  / bare select, nobody checked", results.product, results.bare),
  ];
}

async function measurePages(servers: Servers, people: Person[]): Promise<Row[]> {
  const { cloudUrl, handWrittenUrl, drive } = servers;
  const hand = people.map(handRead);
  const login = [{ path: "/login", headers: {} }];
  const homelab = people.map((person) => ({ path: "/homelab", headers: cookieOf(person) }));
  const results = await takeTurns(
    {
      login: () => drive(cloudUrl, login, PAGE_MS),
      homelab: () => drive(cloudUrl, homelab, PAGE_MS),
      hand: () => drive(handWrittenUrl, hand, PAGE_MS),
    },
    PAGE_ROUNDS,
  );
  return [
    compare("page /login / JSON by hand", results.login, results.hand),
    compare("page /homelab, signed in / JSON by hand", results.homelab, results.hand),
  ];
}

/** A quick machine would use up the minute of everybody; requests are counted all the same. */
async function liftLimits(ownerUrl: string): Promise<void> {
  const sql = postgres(ownerUrl, { max: 1 });
  await sql`insert into plan_limits (plan, requests_per_minute) values ('free', 1000000)`.finally(() => sql.end());
}

/** Rows 1 and 2: see README.md. */
export async function measureRequests(cluster: Cluster): Promise<Row[]> {
  const database = await cluster.createControlDatabase("requests");
  const people = await seedPeople(database.ownerUrl);
  await liftLimits(database.ownerUrl);
  const servers = await startServers(cluster, database);
  try {
    await Promise.all(people.slice(0, 3).map((person) => assertSameAnswer(servers, person)));
    return [...(await measureReads(servers, people)), ...(await measurePages(servers, people))];
  } finally {
    await servers.stop();
  }
}
