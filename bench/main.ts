/** `npm run bench`: measures the product against the same work by hand and prints one table. See README.md. */
import { cpus } from "node:os";
import { startCluster } from "./cluster.ts";
import { measureEngines } from "./engines/measure-engines.ts";
import { measureFlagsSync } from "./flags/measure-flags-sync.ts";
import { measureLimits } from "./http/measure-limits.ts";
import { measureRequests } from "./http/measure-requests.ts";
import { measureTokens } from "./http/measure-tokens.ts";
import { measureNamespaces } from "./namespaces/measure-namespaces.ts";
import { measurePlacement } from "./placement/measure-placement.ts";
import { formatTable, type Row } from "./table.ts";

const MEASUREMENTS = {
  requests: measureRequests,
  limits: measureLimits,
  tokens: measureTokens,
  namespaces: measureNamespaces,
  engines: measureEngines,
  placement: measurePlacement,
  "flags-sync": measureFlagsSync,
};
type Name = keyof typeof MEASUREMENTS;
const isName = (name: string): name is Name => Object.hasOwn(MEASUREMENTS, name);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(wanted: string[]): Promise<void> {
  const unknown = wanted.find((name) => !isName(name));
  if (unknown !== undefined)
    throw new Error(`There is no measurement "${unknown}". Give some of: ${Object.keys(MEASUREMENTS).join(", ")}.`);
  const names = wanted.length > 0 ? wanted.filter(isName) : (Object.keys(MEASUREMENTS) as Name[]);
  const startedAt = performance.now();
  const seconds = () => `${Math.round((performance.now() - startedAt) / 1000)} s`;
  const cluster = await startCluster();
  const rows: Row[] = [];
  try {
    for (const name of names) {
      say(`measuring ${name} (${seconds()})`);
      rows.push(...(await MEASUREMENTS[name](cluster)));
    }
  } finally {
    await cluster.stop();
  }
  say(`\n${formatTable(rows)}\n`);
  say(`Node ${process.versions.node} on ${cpus().length} cores; medians of turns taken side by side; ${seconds()}.`);
}

process.on("SIGTERM", () => process.exit(1));
try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
