/**
 * The lane in which namespaces are brought to the engine's version, and mended where they differ from it, strictly one
 * after the other. Each is whole or as it was before, and its version is stored with it: an agent that was killed goes on
 * with those that are left. A failure closes the tenant that it struck and nobody else.
 */
import { ServiceError, type UpgradeReport } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import { startLoop } from "../control-plane/loop.ts";
import type { Engine } from "../engine/engine.ts";
import type { TenantRow } from "../engine/shared-store.ts";
import type { OpenState } from "./plan.ts";
import { createRetries } from "./retries.ts";
import type { TakeTurn } from "./turns.ts";
import { createUpgradeProgress } from "./upgrade-progress.ts";

export type UpgradeLane = {
  /** All that have to be upgraded now, and those under quarantine; replaces what was said before. */
  plan(rows: readonly TenantRow[]): void;
  /** Has namespaces mended that differ from what is defined, by the ids of their tenants. */
  mend(differences: ReadonlyMap<string, readonly string[]>): void;
  /** Puts a tenant in front for whom somebody waits. */
  hurry(tenantId: string): void;
  progress(): UpgradeReport | undefined;
  /** Slugs of the tenants under quarantine. */
  quarantined(): string[];
  stop(): Promise<void>;
};

/** After a failure: soon, in case it was the moment; then rarely, because somebody has to look. */
const RETRY_DELAYS_MS = [1, 5, 15, 60].map((minutes) => minutes * 60_000);
/** Between looks at whose time has come. */
const LOOK_MS = 5_000;

type LaneOptions = {
  engine: Engine;
  /** Nothing else changes namespaces or tenants during a turn. */
  takeTurn: TakeTurn;
  log: Logger;
  stateWhenSound: (row: TenantRow) => OpenState;
  /** Told how a tenant is after its turn. */
  onSettled: (row: TenantRow) => void;
  retryDelaysMs?: readonly number[];
};

export function startUpgradeLane(options: LaneOptions): UpgradeLane {
  const { engine, takeTurn, log, stateWhenSound, onSettled, retryDelaysMs = RETRY_DELAYS_MS } = options;
  const { shared, namespaceVersion } = engine;
  const retries = createRetries(retryDelaysMs);
  const progress = createUpgradeProgress(namespaceVersion);
  let planned = new Set<string>();
  const differing = new Map<string, readonly string[]>();
  const awaited = new Set<string>();
  const quarantined = new Map<string, string>();
  let isStopping = false;

  const next = (): string | undefined => {
    const isDue = (id: string) => retries.isDue(id);
    for (const id of awaited) if (planned.has(id) && isDue(id)) return id;
    return [...planned].find(isDue) ?? [...differing.keys()].find(isDue);
  };
  const leaveLane = (id: string): void => {
    planned.delete(id);
    differing.delete(id);
    awaited.delete(id);
  };
  const postpone = (id: string, slug: string, err: ServiceError, seconds: number): void => {
    retries.postpone(id, seconds * 1000);
    log.warn({ err, tenantId: id, slug }, "the collections of a tenant cannot be upgraded now, trying again");
  };
  const quarantine = async (row: TenantRow, err: unknown): Promise<void> => {
    // An engine that does not answer is nobody's fault: the lane waits, and no tenant is closed for it.
    await engine.check();
    const { id, slug } = row;
    if (err instanceof ServiceError && err.retryAfterSeconds !== undefined)
      return postpone(id, slug, err, err.retryAfterSeconds);
    const error = (err instanceof Error ? err.message : "It failed without saying why.").slice(0, 1000);
    await shared.setTenantState(id, "quarantined", error);
    const retryInMs = retries.failed(id);
    differing.delete(id);
    awaited.delete(id);
    planned.add(id);
    quarantined.set(id, slug);
    progress.quarantined(id);
    log.error({ err, tenantId: id, slug, retryInMs }, "the collections of a tenant could not be upgraded: quarantined");
    onSettled({ ...row, state: "quarantined", error });
  };
  const release = async (row: TenantRow): Promise<void> => {
    const { id, slug } = row;
    const state = stateWhenSound(row);
    if (row.state !== state || row.error !== null) await shared.setTenantState(id, state, null);
    if (state === "suspended") await shared.endSessionsOfTenant(id);
    const differed = differing.get(id);
    if (differed) log.warn({ tenantId: id, slug, differed }, "a namespace was not as defined and has been mended");
    else log.info({ tenantId: id, slug, from: row.namespaceVersion, to: namespaceVersion }, "namespace upgraded");
    leaveLane(id);
    retries.forget(id);
    quarantined.delete(id);
    progress.succeeded(id);
    onSettled({ ...row, state, error: null, namespaceVersion });
  };
  const bringUp = async (id: string): Promise<void> => {
    const row = await shared.findTenant(id);
    // Removed meanwhile, or taken over by a newer agent.
    if (!row || row.namespaceVersion > namespaceVersion) return leaveLane(id);
    try {
      await engine.upgradeNamespace(row.slug);
    } catch (error) {
      return quarantine(row, error);
    }
    return release(row);
  };

  const loop = startLoop({
    intervalMs: Math.min(LOOK_MS, ...retryDelaysMs),
    onError: (err) => log.warn({ err }, "upgrades of namespaces wait for the engine"),
    run: async () => {
      for (let id = next(); id !== undefined && !isStopping; id = next()) {
        const current = id;
        await takeTurn(() => bringUp(current));
      }
    },
  });

  return {
    plan(rows) {
      planned = new Set(rows.map(({ id }) => id));
      quarantined.clear();
      for (const { id, slug, state } of rows) if (state === "quarantined") quarantined.set(id, slug);
      progress.expect(rows.filter((row) => row.namespaceVersion < namespaceVersion).map(({ id }) => id));
      loop.trigger();
    },
    mend(differences) {
      for (const [id, differed] of differences) differing.set(id, differed);
      loop.trigger();
    },
    hurry: (tenantId) => void awaited.add(tenantId),
    progress: progress.report,
    quarantined: () => [...quarantined.values()].sort(),
    stop: () => {
      isStopping = true;
      return loop.stop();
    },
  };
}
