/** Makes one planned change to this host. What it came to is for the report. */
import { ServiceError, type TenantReport } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import type { Engine } from "../engine/engine.ts";
import { whyClosed } from "../engine/open-tenant.ts";
import type { TenantRow } from "../engine/shared-store.ts";
import type { Action, OpenState } from "./plan.ts";

type Parts = { engine: Engine; log: Logger; report: (next: TenantReport) => void; onOpen: (row: TenantRow) => void };
type Create = Extract<Action, { kind: "create" }>;
type Known = Extract<Action, { kind: "keep" | "update" }>;
type Removal = Extract<Action, { kind: "remove" | "gone" }>;

/** What there is to say of a tenant whose namespace is there. */
export const reportOf = ({ id, generation, state, error, namespaceVersion }: TenantRow): TenantReport => ({
  tenantId: id,
  generation,
  state,
  ...(error ? { error } : {}),
  ...(namespaceVersion > 0 ? { namespaceVersion } : {}),
});

async function remove({ engine, log, report }: Parts, { kind, tombstone }: Removal): Promise<void> {
  const { tenantId, slug, generation } = tombstone;
  if (kind === "remove") {
    await engine.dropNamespace(slug);
    log.info({ tenantId, slug }, "tenant removed");
  }
  report({ tenantId, generation, state: "removed" });
}

async function create({ engine, log, report, onOpen }: Parts, { tenant, state }: Create): Promise<void> {
  const { shared, namespaceVersion } = engine;
  const { tenantId, slug, generation } = tenant;
  await shared.saveTenant(tenant, "creating");
  report({ tenantId, generation, state: "creating" });
  await engine.createNamespace(slug);
  await shared.setTenantState(tenantId, state, null);
  log.info({ tenantId, slug }, "namespace created");
  await opened({ engine, log, report, onOpen }, { ...tenant, id: tenantId, state, namespaceVersion, error: null });
}

/** A tenant under quarantine takes over what the document says and stays closed: only its upgrade opens it. */
async function update(parts: Parts, { tenant, state, row }: Known): Promise<void> {
  const { shared } = parts.engine;
  const isQuarantined = row.state === "quarantined";
  await shared.saveTenant(tenant, isQuarantined ? "quarantined" : state);
  if (isQuarantined) await shared.setTenantState(row.id, "quarantined", row.error);
  await opened(parts, asDesired({ tenant, state, row }));
}

const asDesired = ({ tenant, state, row }: Omit<Known, "kind">): TenantRow => ({
  ...row,
  ...tenant,
  state: row.state === "quarantined" ? "quarantined" : (state satisfies OpenState),
  error: row.state === "quarantined" ? row.error : null,
});

async function opened({ engine, report, onOpen }: Parts, row: TenantRow): Promise<void> {
  if (row.state === "suspended") await engine.shared.endSessionsOfTenant(row.id);
  report(reportOf(row));
  if (whyClosed(row, engine) === null) onOpen(row);
}

/** @throws ServiceError PRECONDITION for what is refused; whatever the engine throws. */
export async function carryOut(parts: Parts, action: Action): Promise<void> {
  if (action.kind === "refuse") throw new ServiceError("PRECONDITION", action.reason);
  if (action.kind === "create") return create(parts, action);
  if (action.kind === "update") return update(parts, action);
  if (action.kind === "keep") return parts.report(reportOf(asDesired(action)));
  return remove(parts, action);
}

/** Stores and reports that a change could not be made. */
export async function recordFailure({ engine, log, report }: Parts, action: Action, err: unknown): Promise<void> {
  const { tenantId, generation, slug } = "tenant" in action ? action.tenant : action.tombstone;
  const error = (err instanceof Error ? err.message : "It failed without saying why.").slice(0, 1000);
  log.error({ err, tenantId, slug }, "tenant not applied, trying again");
  report({ tenantId, generation, state: "failed", error });
  if (action.kind === "create")
    await engine.shared.setTenantState(tenantId, "failed", error).catch((cause: unknown) => {
      log.warn({ err: cause, tenantId }, "the failure could not be stored");
    });
}
