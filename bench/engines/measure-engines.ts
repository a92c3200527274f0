/** What an instance's engine costs the more tenants it has. */
import type { Cluster } from "../cluster.ts";
import type { Row } from "../table.ts";
import { measureEngine } from "./measure-engine.ts";
import { pocketbaseContestant } from "./pocketbase-contestant.ts";
import { postgresContestant } from "./postgres-contestant.ts";

const POSTGRES_SIZES = [1, 10, 100, 250, 1_000, 5_000];
/** More than 250 tenants are refused, see ENGINE_CAPACITY. */
const POCKETBASE_SIZES = [1, 10, 100, 250];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** @param only sizes up to this one, for a quick look. */
export async function measureEngines(
  cluster: Cluster,
  only = Number(process.env.MOST_TENANTS ?? 5_000),
): Promise<Row[]> {
  const upTo = (sizes: readonly number[]) => sizes.filter((size) => size <= only);
  return [
    ...(await measureEngine(pocketbaseContestant(cluster, upTo(POCKETBASE_SIZES)), say)),
    ...(await measureEngine(postgresContestant(cluster, upTo(POSTGRES_SIZES)), say)),
  ];
}
