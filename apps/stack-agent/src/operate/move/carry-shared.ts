/** Carries the shared collections of a host: tenants, who is signed in, their flags, and the last document of the control plane. */
import type { Engine } from "../../engine/engine.ts";
import type { SharedStore, StoredSession, TenantRow } from "../../engine/shared-store.ts";
import { canonicalJson } from "../../engine/transfer.ts";

const BATCH = 500;

/** Makes a tenant known on another engine as it is known here. Whoever had its slug there before is gone. */
export async function carryTenant(row: TenantRow, engine: Engine): Promise<void> {
  const { id: tenantId, slug, orgId, name, plan, generation, state, error } = row;
  const to = engine.shared;
  const known = await to.findTenant(slug);
  if (known && known.id !== tenantId) await engine.dropNamespace(slug);
  const desired = state === "suspended" ? ("suspended" as const) : ("active" as const);
  await to.saveTenant({ tenantId, slug, orgId, name, plan, generation, state: desired }, state);
  if (error !== null) await to.setTenantState(tenantId, state, error);
}

/** What two engines may say differently of a tenant is the version of its namespace. */
const essence = ({ namespaceVersion: _, ...row }: TenantRow): string => canonicalJson(row);

async function carryTenants(from: Engine, to: Engine): Promise<void> {
  const rows = await from.shared.listTenants();
  const wanted = new Map(rows.map((row) => [row.id, row]));
  for (const row of await to.shared.listTenants())
    if (wanted.get(row.id)?.slug !== row.slug) await to.dropNamespace(row.slug);
  const there = new Map((await to.shared.listTenants()).map((row) => [row.id, row]));
  for (const row of rows) {
    const known = there.get(row.id);
    if (!known || essence(known) !== essence(row)) await carryTenant(row, to);
    // Writes down its version; the namespace itself is complete.
    if (row.namespaceVersion > 0 && known?.namespaceVersion !== to.namespaceVersion)
      await to.upgradeNamespace(row.slug);
  }
}

async function carrySessions(from: SharedStore, to: SharedStore): Promise<void> {
  const there = new Map<string, string>();
  for await (const sessions of to.listSessions())
    for (const session of sessions) there.set(session.idHash, canonicalJson(session));
  const missing: StoredSession[] = [];
  for await (const sessions of from.listSessions())
    for (const session of sessions) {
      if (there.get(session.idHash) === canonicalJson(session)) there.delete(session.idHash);
      else missing.push(session);
    }
  // What is there alone, or otherwise, ended here or was renewed since an earlier attempt.
  for (const idHash of there.keys()) await to.endSession(idHash);
  const people = missing.filter((session) => session.kind !== "assertion");
  for (let at = 0; at < people.length; at += BATCH) await to.createSessions(people.slice(at, at + BATCH));
  for (const session of missing)
    if (session.kind === "assertion") await to.consumeAssertion(session.idHash, session.expiresAt);
}

async function carryApplied(from: SharedStore, to: SharedStore): Promise<void> {
  const { document, appliedRevision, contactedAt } = await from.loadApplied();
  if (document) await to.saveDocument(document);
  await to.saveAppliedRevision(appliedRevision);
  if (contactedAt) await to.saveContact(contactedAt);
}

/** As they are kept, also what cannot be read: the agent says so wherever they are. */
async function carryFlags(from: SharedStore, to: SharedStore): Promise<void> {
  const [here, there] = [await from.loadFlags(), await to.loadFlags()];
  const known = new Map(there.tenants.map((flags) => [flags.tenantId, canonicalJson(flags)]));
  const wanted = new Set(here.tenants.map(({ tenantId }) => tenantId));
  for (const { tenantId } of there.tenants) if (!wanted.has(tenantId)) await to.removeFlags(tenantId);
  await to.saveFlags({
    contents: new Map([...here.contents].filter(([digest, flags]) => there.contents.get(digest) !== flags)),
    tenants: here.tenants.filter((flags) => known.get(flags.tenantId) !== canonicalJson(flags)),
    unused: [...there.contents.keys()].filter((digest) => !here.contents.has(digest)),
  });
}

/** Doing it again carries only what has changed since, so the second time is short. */
export async function carryShared(from: Engine, to: Engine): Promise<void> {
  await carryTenants(from, to);
  await carrySessions(from.shared, to.shared);
  await carryFlags(from.shared, to.shared);
  await carryApplied(from.shared, to.shared);
}
