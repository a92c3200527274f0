/** A host with more and more tenants. */
import type { Engine } from "@kombify/stack-agent/engine";
import type { EngineHost } from "./contestant.ts";
import { fillTenant, type Tenant, tenantOf } from "./tenants.ts";

const FILLERS = 3;
/** Creations of each size that are timed, one after another: the last ones before it is reached. */
const TIMED_CREATIONS = 20;

export type Host = { host: EngineHost; engine: Engine; tenants: Tenant[] };
export type Say = (line: string) => void;

/** Closes the engine and opens it again. */
export async function reopen(host: Host): Promise<void> {
  await host.engine.close();
  host.engine = await host.host.open();
}

async function createTenant({ engine, tenants }: Host, number: number): Promise<number> {
  const tenant = tenantOf(number);
  const startedAt = performance.now();
  await engine.createNamespace(tenant.slug);
  const time = performance.now() - startedAt;
  await fillTenant(engine, tenant);
  tenants.push(tenant);
  return time;
}

/** Creates tenants up to a number. @returns how long the last creations took, in milliseconds. */
export async function growTo(host: Host, size: number, say: Say): Promise<number[]> {
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
