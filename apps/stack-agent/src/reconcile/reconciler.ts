/**
 * Makes this host match the last document of the control plane, tenant by tenant, and knows how far it is. It never
 * removes what no tombstone names, and never acts for an older generation than the one it has.
 */
import { EventEmitter } from "node:events";
import { type DesiredState, ServiceError, type TenantReport } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import { startLoop } from "../control-plane/loop.ts";
import type { Engine } from "../engine/engine.ts";
import { type Action, planChanges } from "./plan.ts";

export type ReconcileState = {
  /** Revision of the last document that was applied whole; 0 before the first. */
  appliedRevision: number;
  tenants: TenantReport[];
  orphans: string[];
};

export type Reconciler = {
  document(): DesiredState | null;
  state(): ReconcileState;
  /**
   * Takes over a document: stored first, then applied in the background.
   * @throws ServiceError INVALID when it is meant for another instance.
   */
  accept(document: DesiredState): Promise<void>;
  /** Called whenever a tenant's state or the applied revision has changed. */
  onChange(listener: () => void): void;
  /** Called when a tenant was opened, with its id and slug. */
  onOpen(listener: (tenant: { id: string; slug: string }) => void): void;
  stop(): Promise<void>;
};

/** Also without news, so that what was changed by hand on the host is found. */
const RECHECK_MS = 60_000;
/** DDL of tenants side by side; more only queue up inside PostgreSQL. */
const PARALLEL = 4;

async function forEachOf<T>(items: T[], parallel: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
}

export async function startReconciler(engine: Engine, instanceId: string, log: Logger): Promise<Reconciler> {
  const { shared } = engine;
  const events = new EventEmitter();
  const reports = new Map<string, TenantReport>();
  const applied = await shared.loadApplied();
  let document = applied.document?.instanceId === instanceId ? applied.document : null;
  let appliedRevision = document ? applied.appliedRevision : 0;
  let orphans: string[] = [];
  // What was true when the agent stopped; a first report without its tenants would look as if they were gone.
  const known = new Set(document?.tenants.map(({ tenantId }) => tenantId));
  for (const { id: tenantId, generation, state, error } of await shared.listTenants())
    if (known.has(tenantId)) reports.set(tenantId, { tenantId, generation, state, ...(error ? { error } : {}) });

  const report = (next: TenantReport): void => {
    const known = reports.get(next.tenantId);
    if (known?.state === next.state && known.generation === next.generation && known.error === next.error) return;
    reports.set(next.tenantId, next);
    events.emit("change");
  };

  const carryOut = async (action: Action): Promise<void> => {
    if (action.kind === "remove" || action.kind === "gone") {
      const { tenantId, slug, generation } = action.tombstone;
      if (action.kind === "remove") {
        await engine.dropNamespace(slug);
        log.info({ tenantId, slug }, "tenant removed");
      }
      return report({ tenantId, generation, state: "removed" });
    }
    const { tenant } = action;
    const { tenantId, slug, generation } = tenant;
    if (action.kind === "refuse") throw new ServiceError("PRECONDITION", action.reason);
    if (action.kind === "create") {
      await shared.saveTenant(tenant, "creating");
      report({ tenantId, generation, state: "creating" });
      await engine.createNamespace(slug);
      await shared.setTenantState(tenantId, action.state, null);
      log.info({ tenantId, slug }, "namespace created");
    } else if (action.kind === "update") await shared.saveTenant(tenant, action.state);
    if (action.kind !== "keep" && action.state === "suspended") await shared.endSessionsOfTenant(tenantId);
    report({ tenantId, generation, state: action.state });
    if (action.state === "ready" && action.kind !== "keep") events.emit("open", { id: tenantId, slug });
  };

  const recordFailure = async (action: Action, err: unknown): Promise<void> => {
    const target = "tenant" in action ? action.tenant : action.tombstone;
    const { tenantId, generation, slug } = target;
    const error = (err instanceof Error ? err.message : "It failed without saying why.").slice(0, 1000);
    log.error({ err, tenantId, slug }, "tenant not applied, trying again");
    report({ tenantId, generation, state: "failed", error });
    if (action.kind === "create")
      await shared.setTenantState(tenantId, "failed", error).catch((cause: unknown) => {
        log.warn({ err: cause, tenantId }, "the failure could not be stored");
      });
  };

  const applyDocument = async (): Promise<void> => {
    const current = document;
    if (!current) return;
    const [rows, namespaces] = await Promise.all([shared.listTenants(), engine.listNamespaces()]);
    const plan = planChanges(current, { rows, namespaces, namespaceVersion: engine.namespaceVersion });
    const named = new Set([...current.tenants, ...current.tombstones].map(({ tenantId }) => tenantId));
    for (const tenantId of reports.keys()) if (!named.has(tenantId)) reports.delete(tenantId);
    orphans = plan.orphans;
    let failures = 0;
    await forEachOf(plan.actions, PARALLEL, async (action) => {
      try {
        await carryOut(action);
      } catch (err) {
        failures += 1;
        await recordFailure(action, err);
      }
    });
    if (failures > 0) throw new ServiceError("PRECONDITION", `${failures} tenants could not be applied.`);
    if (appliedRevision === current.revision) return;
    await shared.saveAppliedRevision(current.revision);
    appliedRevision = current.revision;
    log.info({ revision: appliedRevision, tenants: current.tenants.length }, "document applied");
    events.emit("change");
  };

  const loop = startLoop({
    run: applyDocument,
    intervalMs: RECHECK_MS,
    retryMs: 1000,
    onError: (err) => log.warn({ err }, "the host does not match its document yet"),
  });

  return {
    document: () => document,
    state: () => ({ appliedRevision, tenants: [...reports.values()], orphans }),
    accept: async (next) => {
      if (next.instanceId !== instanceId)
        throw new ServiceError("INVALID", `The document is for instance ${next.instanceId}; this is ${instanceId}.`);
      await shared.saveDocument(next);
      document = next;
      loop.trigger();
    },
    onChange: (listener) => void events.on("change", listener),
    onOpen: (listener) => void events.on("open", listener),
    stop: () => loop.stop(),
  };
}
