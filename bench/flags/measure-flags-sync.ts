/** Flags on their way to a thousand hosts: how long a change takes until each has it, and what the idle fleet costs. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import type { Cluster } from "../cluster.ts";
import { processorTime } from "../engines/process-usage.ts";
import { median, percentile } from "../measure.ts";
import { startChild } from "../processes.ts";
import type { Row } from "../table.ts";
import type { AgentsAnswer, AgentsOrder } from "./agents.ts";

const AGENTS = Number(process.env.AGENTS ?? 1_000);
const FLAGS = Number(process.env.FLAGS ?? 100);
const CHANGES = 7;
/** Agents at rest are watched for so long, milliseconds. */
const IDLE_MS = 30_000;
/** Processor time in half a second below which a process is at rest, milliseconds. */
const REST_MS = 50;
const AIM = { p50: 200, p99: 1_000 };

const now = () => performance.timeOrigin + performance.now();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until all acknowledgements are taken, so that each change meets a fleet at rest. */
async function untilAtRest(pid: number): Promise<void> {
  for (let isBusy = true; isBusy; ) {
    const before = await processorTime([pid]);
    await pause(500);
    isBusy = (await processorTime([pid])) - before > REST_MS;
  }
}

/** A host with one homelab each, and flags of the size that a product of some years has. */
async function createFleet(sql: Sql): Promise<void> {
  await sql`insert into instances (id, name, lifecycle, capacity, places_used, internal_url)
    select gen_random_uuid(), 'host' || n, 'active', 10, 1, 'https://localhost:1' from generate_series(1, ${AGENTS}::int) n`;
  await sql`insert into instance_reports (instance_id, connection, last_seen_at, versions)
    select id, 'connected', now(), '{"agent": "bench", "engine": "18"}' from instances`;
  await sql`insert into tenants (id, slug, org_id, name, status, instance_id)
    select gen_random_uuid(), name, gen_random_uuid(), name, 'active', id from instances`;
  await sql`update tenants set namespace_begun_at = now(), namespace_ready_at = now(), activated_at = now()`;
  await sql`insert into flags (id, key, state, variants, default_variant, targeting)
    select gen_random_uuid(), 'flag-' || n, 'ENABLED', '{"on": true, "off": false}', 'off', ${sql.json({
      if: [
        { and: [{ in: [{ var: "plan" }, ["pro", "business"]] }, { starts_with: [{ var: "region" }, "eu"] }] },
        "on",
        { fractional: [{ cat: [{ var: "$flagd.flagKey" }, { var: "userId" }] }, ["on", 25_000], ["off", 75_000]] },
      ],
    })} from generate_series(1, ${FLAGS}::int) n`;
  await sql`vacuum analyze`;
}

/** Changes one flag as its writer does. @returns its revision, and the moment before the commit. */
const changeFlag = (sql: Sql, turn: number): Promise<{ revision: number; at: number }> =>
  sql.begin(async (tx) => {
    const [row] = await tx<{ revision: number }[]>`
      update flag_settings set revision = revision + 1, changed_at = clock_timestamp() returning revision::float8 as revision`;
    if (!row) throw new Error("There are no settings of flags.");
    await tx`update flags set variants = ${tx.json({ on: true, off: false, turn })}, version = version + 1, revision = ${row.revision} where key = 'flag-1'`;
    return { revision: row.revision, at: now() };
  });

export async function measureFlagsSync(cluster: Cluster): Promise<Row[]> {
  const { ownerUrl, webUrl } = await cluster.createControlDatabase("flags_sync");
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => undefined });
  await createFleet(sql);
  const { folder: logFolder } = cluster;
  const file = join(logFolder, "agent-certificates.json");
  const plane = startChild(new URL("./control-plane.ts", import.meta.url).pathname, {
    name: "flags-control-plane",
    logFolder,
    env: { DATABASE_URL: webUrl, KOMBIFY_ENCRYPTION_KEY: randomBytes(32).toString("base64"), CERTIFICATES_FILE: file },
  });
  const fleet = startChild(new URL("./agents.ts", import.meta.url).pathname, { name: "flags-agents", logFolder });
  const order = async (what: AgentsOrder): Promise<AgentsAnswer> => {
    fleet.send(what);
    return fleet.nextMessage<AgentsAnswer>();
  };
  try {
    const { url, pid } = await plane.nextMessage<{ url: string; pid: number }>();
    await order({ kind: "connect", url, file });
    const [first] = await sql<{ revision: number }[]>`select revision::float8 as revision from flag_settings`;
    await order({ kind: "await", revision: first?.revision ?? 1 });

    const turns: number[][] = [];
    const busy: number[] = [];
    for (let turn = 0; turn <= CHANGES; turn++) {
      await untilAtRest(pid);
      const before = await processorTime([pid]);
      const { revision, at } = await changeFlag(sql, turn);
      const waits = (await order({ kind: "await", revision })).at.map((then) => then - at);
      await untilAtRest(pid);
      // The first one warms up.
      if (turn === 0) continue;
      turns.push(waits);
      busy.push((await processorTime([pid])) - before);
    }

    const [cpu, since] = [await processorTime([pid]), performance.now()];
    await order({ kind: "live" });
    await pause(IDLE_MS);
    const load = ((await processorTime([pid])) - cpu) / (performance.now() - since);
    const { calls } = await order({ kind: "rest" });

    const at = (share: number) => median(turns.map((waits) => percentile(waits, share)));
    const row = (what: string, value: number, aim?: number): Row => ({
      what,
      ours: `${Math.round(value)} ms`,
      reference: "",
      ratio: null,
      ...(aim === undefined ? {} : { aim: { text: `< ${aim} ms`, isHeld: value < aim } }),
    });
    const name = `a change of ${FLAGS} flags until ${AGENTS.toLocaleString("en")} agents have it`;
    return [
      row(`${name}: p50`, at(0.5), AIM.p50),
      row("... p95", at(0.95)),
      row("... p99", at(0.99), AIM.p99),
      row("... all", at(1)),
      row("... processor time of the control plane", median(busy)),
      {
        what: `the idle fleet of ${AGENTS.toLocaleString("en")} (${Math.round((calls * 1000) / IDLE_MS)} calls a second): one processor is busy`,
        ours: `${Math.round(load * 100)} %`,
        reference: "",
        ratio: null,
      },
    ];
  } finally {
    await Promise.all([plane.stop(), fleet.stop()]);
    await sql.end({ timeout: 5 });
  }
}
