/** What an engine costs at many tenants beside the same engine at ten, both open at the same time. See README.md. */
import { median, medianRatio, takeTurns } from "../measure.ts";
import type { Row } from "../table.ts";
import { boot } from "./boot.ts";
import type { Contestant, EngineHost } from "./contestant.ts";
import { growTo, type Host, reopen, type Say } from "./grow.ts";
import { privateMemory } from "./process-usage.ts";
import { type LoadSample, READS, type Read, readAll, readAtRandom } from "./read-load.ts";

const FEW = 10;
const ROUNDS = 15;
const TURN_MS = 500;
/** Prepared statements are planned anew the first five times, and there are some connections. */
const WARM_UP_READS = 8;
const MOST_READ_RATIO = 1.3;

const ms = (value: number) => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const load = (samples: LoadSample[]) =>
  `${ms(median(samples.map((sample) => sample.median)))}, p95 ${ms(median(samples.map(({ p95 }) => p95)))}, ${median(
    samples.map(({ perSecond }) => perSecond),
  ).toFixed(0)}/s`;

async function measureRead(few: Host, many: Host, read: Read): Promise<{ few: LoadSample[]; many: LoadSample[] }> {
  for (const { engine, tenants } of [few, many]) await readAll(engine, tenants, read, WARM_UP_READS);
  const turnOf =
    ({ host, engine, tenants }: Host) =>
    async () =>
      readAtRandom(engine, tenants, read, { durationMs: TURN_MS, processes: await host.processes() });
  return takeTurns({ few: turnOf(few), many: turnOf(many) }, ROUNDS);
}

async function rowsOfReads(few: Host, many: Host, at: string, isTop: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, read] of Object.entries(READS)) {
    const samples = await measureRead(few, many, read);
    const ratioOf = (figure: (sample: LoadSample) => number) =>
      medianRatio(samples.many.map(figure), samples.few.map(figure));
    const microseconds = (of: LoadSample[]) => `${(median(of.map(({ processor }) => processor)) * 1000).toFixed(0)} us`;
    const row = (what: string, ours: string, reference: string, ratio: number): Row => ({
      what: `${at}: ${name}, ${what}`,
      ours,
      reference,
      ratio,
      ...(isTop ? { aim: { text: `<= ${MOST_READ_RATIO}`, isHeld: ratio <= MOST_READ_RATIO } } : {}),
    });
    const time = ratioOf(({ perSecond }) => 1 / perSecond);
    const processor = ratioOf((sample) => sample.processor);
    rows.push(
      row("time", load(samples.many), load(samples.few), time),
      row("processor time", microseconds(samples.many), microseconds(samples.few), processor),
    );
  }
  return rows;
}

async function measureAt(
  few: Host,
  many: Host,
  { label, creations, isTop }: { label: string; creations: { few: number[]; many: number[] }; isTop: boolean },
): Promise<Row[]> {
  const at = `${label} at ${many.tenants.length.toLocaleString("en")}`;
  const compare = (what: string, ours: number, reference: number, unit: (value: number) => string): Row => ({
    what: `${at}: ${what}`,
    ours: unit(ours),
    reference: unit(reference),
    ratio: ours / reference,
  });
  // Connections as young as this measurement: an engine may replace old ones, and what they knew goes with them.
  for (const side of [few, many]) await reopen(side);
  const memoryOf = async ({ host }: Host) => privateMemory(await host.processes());
  const reads = await rowsOfReads(few, many, at, isTop);
  const boots = { few: await boot(few.host), many: await boot(many.host) };
  return [
    compare("a namespace more", median(creations.many), median(creations.few), ms),
    ...reads,
    compare("boot", boots.many.total, boots.few.total, ms),
    compare("boot, of it looking for drift", boots.many.drift, boots.few.drift, ms),
    compare("memory of its processes", await memoryOf(many), await memoryOf(few), mb),
    compare("on disk", await many.host.diskUsage(), await few.host.diskUsage(), mb),
    { what: `${at}: memory of Node`, ours: mb(await privateMemory([process.pid])), reference: "", ratio: null },
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
