/** Process: a thousand agents. Takes orders over IPC. */
import { readFileSync } from "node:fs";
import { type PlayedAgent, playAgent } from "./agent.ts";
import type { AgentCertificates } from "./certificates.ts";

/** `connect`: all of them. `await`: until each has the revision. `live`: heartbeats and pulls, until `rest`. */
export type AgentsOrder =
  | { kind: "connect"; url: string; file: string }
  | { kind: "await"; revision: number }
  | { kind: "live" }
  | { kind: "rest" };
/** To `await`: when each had it, milliseconds since 1970. Else how many calls were made. */
export type AgentsAnswer = { at: number[]; calls: number };

/** Handshakes that are under way together. */
const AT_ONCE = 20;
const WAIT_MS = 60_000;
const BEAT_MS = 10_000;
const PULL_MS = 60_000;

const agents: PlayedAgent[] = [];
const fail = (error: unknown): never => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
};

async function connect(url: string, file: string): Promise<void> {
  const { key, ca, agents: hosts } = JSON.parse(readFileSync(file, "utf8")) as AgentCertificates;
  const work = async () => {
    for (let host = hosts.pop(); host; host = hosts.pop())
      agents.push(await playAgent(url, { key, cert: host.certificate, ca }, host.tenantId, fail));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function haveAll(revision: number): Promise<number[]> {
  const until = performance.now() + WAIT_MS;
  while (agents.some(({ has }) => has.revision < revision)) {
    if (performance.now() > until) throw new Error(`After ${WAIT_MS} ms some agents do not have revision ${revision}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return agents.map(({ has }) => has.at);
}

let timers: NodeJS.Timeout[] = [];
let calls = 0;
/** Again and again, each time after the period ± 20 %, as agents do. */
function repeat(periodMs: number, work: () => Promise<void>): void {
  const again = (waitMs: number) => {
    const index = timers.length;
    timers[index] = setTimeout(() => {
      calls++;
      work().catch(fail);
      again(periodMs * (0.8 + Math.random() * 0.4));
    }, waitMs);
  };
  again(Math.random() * periodMs);
}

async function take(order: AgentsOrder): Promise<AgentsAnswer> {
  if (order.kind === "connect") await connect(order.url, order.file);
  if (order.kind === "live") {
    calls = 0;
    for (const agent of agents) {
      repeat(BEAT_MS, agent.beat);
      repeat(PULL_MS, agent.pull);
    }
  }
  if (order.kind === "rest") {
    for (const timer of timers) clearTimeout(timer);
    timers = [];
  }
  return { at: order.kind === "await" ? await haveAll(order.revision) : [], calls };
}

process.on("message", (order: AgentsOrder) => {
  take(order).then((answer) => process.send?.(answer), fail);
});
