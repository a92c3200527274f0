/** What an engine costs at many tenants beside the same engine at ten, both open at the same time. See README.md. */
import type { Engine } from "@kombify/stack-agent/engine";
import { median, medianRatio, takeTurns } from "../measure.ts";
import type { Row } from "../table.ts";
import type { Contestant, EngineHost } from "./contestant.ts";
import { privateMemory } from "./process-memory.ts";
import { type LoadSample, READS, type Read, readAll, readAtRandom } from "./read-load.ts";
import { fillTenant, type Tenant, tenantOf } from "./tenants.ts";

const FEW = 10;
const FILLERS = 3;
/** Creations of each size that are timed, one after another: the last ones before it is reached. */
const TIMED_CREATIONS = 20;
const ROUNDS = 5;
const TURN_MS = 1_200;
/** Prepared statements are planned anew the first five times, and there are some connections. */
const WARM_UP_READS = 8;
const MOST_READ_RATIO = 1.3;

type Host = { host: EngineHost; engine: Engine; tenants: Tenant[] };
type Say = (line: string) => void;

async function createTenant({ engine, tenants }: Host, number: number): Promise<number> {
  const tenant = tenantOf(number);
  const startedAt = performance.now();
  await engine.createNamespace(tenant.slug);
  const time = performance.now() - startedAt;
  await fillTenant(engine, tenant);
  tenants.push(tenant);
  return time;
}

/** @returns how long the last creations took, in milliseconds. */
async function growTo(host: Host, size: number, say: Say): Promise<number[]> {
  const from = host.tenants.length;
  const alone = Math.min(TIMED_CREATIONS, size - from);
  let next = from;
  const work = async () => {
    while (next < size - alone) {
      await createTenant(host, next++);
      if (next % 500 === 0) say(`  ${next.toLocaleString("en")} of ${size.toLocaleString("en")} tenants`);
    }
  };
  await Promise.all(Array.from({ length: FILLERS }, work));
  const times: number[] = [];
  for (let number = size - alone; number < size; number++) times.push(await createTenant(host, number));
  return times;
}

/** What an agent does before it is ready, on an engine opened for it. Milliseconds. */
async function boot(host: EngineHost): Promise<{ total: number; drift: number }> {
  const startedAt = performance.now();
  const engine = await host.open();
  try {
    await engine.shared.listTenants();
    await engine.listNamespaces();
    const driftAt = performance.now();
    const drift = await engine.findDrift();
    const endedAt = performance.now();
    const [first] = drift;
    if (first) throw new Error(`${drift.size} namespaces are not as defined. ${first[0]}: ${first[1].join("; ")}.`);
    return { total: endedAt - startedAt, drift: endedAt - driftAt };
  } finally {
    await engine.close();
  }
}

const ms = (value: number) => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const load = (samples: LoadSample[]) =>
  `${ms(median(samples.map((sample) => sample.median)))}, p95 ${ms(median(samples.map(({ p95 }) => p95)))}, ${median(
    samples.map(({ perSecond }) => perSecond),
  ).toFixed(0)}/s`;

async function measureRead(few: Host, many: Host, read: Read): Promise<{ few: LoadSample[]; many: LoadSample[] }> {
  for (const { engine, tenants } of [few, many]) await readAll(engine, tenants, read, WARM_UP_READS);
  return takeTurns(
    {
      few: () => readAtRandom(few.engine, few.tenants, read, TURN_MS),
      many: () => readAtRandom(many.engine, many.tenants, read, TURN_MS),
    },
    ROUNDS,
  );
}

async function measureAt(
  few: Host,
  many: Host,
  { label, creations, isTop }: { label: string; creations: { few: number[]; many: number[] }; isTop: boolean },
): Promise<Row[]> {
  const at = `${label} at ${many.tenants.length.toLocaleString("en")}`;
  const creation = { few: median(creations.few), many: median(creations.many) };
  const rows: Row[] = [
    {
      what: `${at}: a namespace more`,
      ours: ms(creation.many),
      reference: ms(creation.few),
      ratio: creation.many / creation.few,
    },
  ];
  for (const [name, read] of Object.entries(READS)) {
    const samples = await measureRead(few, many, read);
    // Reads a second of eight readers: what one read costs everybody.
    const ratio = medianRatio(
      samples.few.map(({ perSecond }) => perSecond),
      samples.many.map(({ perSecond }) => perSecond),
    );
    rows.push({
      what: `${at}: ${name}`,
      ours: load(samples.many),
      reference: load(samples.few),
      ratio,
      ...(isTop ? { aim: { text: `<= ${MOST_READ_RATIO}`, isHeld: ratio <= MOST_READ_RATIO } } : {}),
    });
  }
  const boots = { few: await boot(few.host), many: await boot(many.host) };
  const sizes = { few: await few.host.footprint(), many: await many.host.footprint() };
  const row = (what: string, ours: number, reference: number, unit: (value: number) => string): Row => ({
    what: `${at}: ${what}`,
    ours: unit(ours),
    reference: unit(reference),
    ratio: ours / reference,
  });
  return [
    ...rows,
    row("boot", boots.many.total, boots.few.total, ms),
    row("boot, of it looking for drift", boots.many.drift, boots.few.drift, ms),
    row("memory of its processes", sizes.many.processes, sizes.few.processes, mb),
    row("on disk", sizes.many.disk, sizes.few.disk, mb),
    { what: `${at}: memory of Node`, ours: mb(await privateMemory(process.pid)), reference: "", ratio: null },
  ];
}

/** Rows for each size: the engine at so many tenants beside itself at ten. */
export async function measureEngine({ label, sizes, createHost }: Contestant, say: Say): Promise<Row[]> {
  const name = label.toLowerCase();
  const open = async (host: EngineHost): Promise<Host> => ({ host, engine: await host.open(), tenants: [] });
  const few = await open(await createHost(`${name}few`));
  const many = await open(await createHost(`${name}many`));
  try {
    const rows: Row[] = [];
    const creationsOfFew = await growTo(few, FEW, say);
    for (const size of sizes) {
      const creations = { few: creationsOfFew, many: await growTo(many, size, say) };
      say(`measuring ${label} at ${size.toLocaleString("en")} tenants`);
      rows.push(...(await measureAt(few, many, { label, creations, isTop: size === sizes.at(-1) })));
    }
    return rows;
  } finally {
    await Promise.all([few.engine.close(), many.engine.close()]);
  }
}
