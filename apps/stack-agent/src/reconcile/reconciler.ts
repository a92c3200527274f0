/**
 * Makes this host match the last document of the control plane, tenant by tenant, and knows how far it is. It never
 * removes what no tombstone names, and never acts for an older generation than the one it has. The version of the
 * collections is the agent's own affair and not the document's: a revision counts as applied while upgrades wait.
 */
import { EventEmitter } from "node:events";
import { isDeepStrictEqual } from "node:util";
import { type DesiredState, ServiceError, type TenantReport, type UpgradeReport } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import { startLoop } from "../control-plane/loop.ts";
import type { Engine, TenantRef } from "../engine/engine.ts";
import { whyClosed } from "../engine/open-tenant.ts";
import { createSessionEnder } from "../sso/session-endings.ts";
import { carryOut, recordFailure, reportOf } from "./carry-out.ts";
import { watchDrift } from "./drift.ts";
import { type Present, planChanges } from "./plan.ts";
import { planUpgrades, stateWhenSound } from "./plan-upgrades.ts";
import { createTurns } from "./turns.ts";
import { startUpgradeLane } from "./upgrade-lane.ts";

export type ReconcileState = {
  /** Revision of the last document of which all was applied, except to tenants under quarantine; 0 before the first. */
  appliedRevision: number;
  tenants: TenantReport[];
  orphans: string[];
  upgrade?: UpgradeReport;
};

export type Reconciler = {
  document(): DesiredState | null;
  state(): ReconcileState;
  /**
   * Takes over a document: stored first, then applied in the background.
   * @throws ServiceError INVALID when it is meant for another instance.
   */
  accept(document: DesiredState): Promise<void>;
  /** Slugs of the tenants under quarantine, those included that no document names. */
  quarantined(): string[];
  /** Somebody wants to enter a tenant that waits for its upgrade: it is next. */
  hurry(tenantId: string): void;
  /** Called whenever a tenant's state, the applied revision or the progress of an upgrade has changed. */
  onChange(listener: () => void): void;
  /** Called when a tenant was opened. */
  onOpen(listener: (tenant: TenantRef) => void): void;
  stop(): Promise<void>;
};

/** Also without news, so that what was changed by hand on the host is found. */
const RECHECK_MS = 60_000;
/** A report names every tenant: of a thousand quick upgrades not each is worth one. */
const PROGRESS_MS = 500;
/** DDL of tenants side by side; more only queue up inside PostgreSQL. */
const PARALLEL = 4;

async function forEachOf<T>(items: T[], parallel: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
}

export async function startReconciler(
  engine: Engine,
  instanceId: string,
  log: Logger,
  options: { retryDelaysMs?: readonly number[] } = {},
): Promise<Reconciler> {
  const { shared, namespaceVersion } = engine;
  const events = new EventEmitter();
  const reports = new Map<string, TenantReport>();
  const takeTurn = createTurns();
  const endSessions = createSessionEnder(shared);
  const applied = await shared.loadApplied();
  let document = applied.document?.instanceId === instanceId ? applied.document : null;
  let appliedRevision = document ? applied.appliedRevision : 0;
  let orphans: string[] = [];
  // What was true when the agent stopped; a first report without its tenants would look as if they were gone.
  const known = new Set(document?.tenants.map(({ tenantId }) => tenantId));
  for (const row of await shared.listTenants()) if (known.has(row.id)) reports.set(row.id, reportOf(row));

  const report = (next: TenantReport): void => {
    if (isDeepStrictEqual(reports.get(next.tenantId), next)) return;
    reports.set(next.tenantId, next);
    events.emit("change");
  };
  const onOpen = ({ id, slug }: TenantRef) => void events.emit("open", { id, slug });
  let progressTimer: NodeJS.Timeout | undefined;
  const tellProgress = (): void => {
    progressTimer ??= setTimeout(() => {
      progressTimer = undefined;
      events.emit("change");
    }, PROGRESS_MS);
  };
  const lane = startUpgradeLane({
    engine,
    takeTurn,
    log,
    ...options,
    stateWhenSound: (row) => stateWhenSound(document, row),
    onSettled: (row) => {
      if (reports.has(row.id)) reports.set(row.id, reportOf(row));
      tellProgress();
      if (whyClosed(row, engine) === null) onOpen(row);
    },
  });
  const drift = watchDrift(engine, lane, log);

  const applyDocument = async (current: DesiredState, present: Present): Promise<void> => {
    const plan = planChanges(current, present);
    const named = new Set([...current.tenants, ...current.tombstones].map(({ tenantId }) => tenantId));
    for (const tenantId of reports.keys()) if (!named.has(tenantId)) reports.delete(tenantId);
    orphans = plan.orphans;
    let failures = 0;
    const parts = { engine, log, report, onOpen };
    await forEachOf(plan.actions, PARALLEL, async (action) => {
      try {
        await carryOut(parts, action);
      } catch (err) {
        failures += 1;
        await recordFailure(parts, action, err);
      }
    });
    if (failures > 0) throw new ServiceError("PRECONDITION", `${failures} tenants could not be applied.`);
    if (appliedRevision === current.revision) return;
    await shared.saveAppliedRevision(current.revision);
    appliedRevision = current.revision;
    log.info({ revision: appliedRevision, tenants: current.tenants.length }, "document applied");
    events.emit("change");
  };

  const reconcile = async (): Promise<void> => {
    const current = document;
    if (current) await endSessions(current);
    const [rows, namespaces] = await Promise.all([shared.listTenants(), engine.listNamespaces()]);
    const present = { rows, namespaces, namespaceVersion };
    try {
      if (current) await applyDocument(current, present);
    } finally {
      // After the document's own changes, so that nobody new waits behind upgrades; also when some of them failed.
      const upgrades = planUpgrades(current, present);
      lane.plan(upgrades);
      if (upgrades.length > 0) events.emit("change");
    }
  };
  const loop = startLoop({
    run: () => takeTurn(reconcile),
    intervalMs: RECHECK_MS,
    retryMs: 1000,
    onError: (err) => log.warn({ err }, "the host does not match its document yet"),
  });

  return {
    document: () => document,
    state: () => {
      const upgrade = lane.progress();
      return { appliedRevision, tenants: [...reports.values()], orphans, ...(upgrade ? { upgrade } : {}) };
    },
    accept: async (next) => {
      if (next.instanceId !== instanceId)
        throw new ServiceError("INVALID", `The document is for instance ${next.instanceId}; this is ${instanceId}.`);
      await shared.saveDocument(next);
      document = next;
      loop.trigger();
      // At once, and not behind what the reconciler is at; it tries again when this fails.
      await endSessions(next).catch((err: unknown) => log.warn({ err }, "sessions were not ended yet"));
    },
    quarantined: lane.quarantined,
    hurry: lane.hurry,
    onChange: (listener) => void events.on("change", listener),
    onOpen: (listener) => void events.on("open", listener),
    stop: async () => {
      await Promise.all([loop.stop(), lane.stop(), drift.stop()]);
      clearTimeout(progressTimer);
    },
  };
}
