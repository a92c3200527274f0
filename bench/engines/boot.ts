import type { EngineHost } from "./contestant.ts";

/** What an agent does before it is ready, on an engine opened for it. Milliseconds. */
export async function boot(host: EngineHost): Promise<{ total: number; drift: number }> {
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
