/** What an instance's engine costs the more tenants it has. */
import type { Cluster } from "../cluster.ts";
import type { Row } from "../table.ts";
import { measureEngine } from "./measure-engine.ts";
import { postgresContestant } from "./postgres-contestant.ts";

const SIZES = [1, 10, 100, 250, 1_000, 5_000];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

export const measureEngines = (cluster: Cluster): Promise<Row[]> =>
  measureEngine(postgresContestant(cluster, SIZES), say);
