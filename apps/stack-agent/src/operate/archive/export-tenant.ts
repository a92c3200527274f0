import { ServiceError } from "@kombify/agent-contract";
import type { TenantRow } from "../../engine/shared-store.ts";
import { AGENT_VERSION } from "../../version.ts";
import type { Host } from "../host.ts";
import { type ArchiveHeader, type Manifest, newHeader } from "./format.ts";
import { openSpool, type Spool } from "./spool.ts";
import { writeArchive } from "./write-archive.ts";

export type Exported = { header: ArchiveHeader; manifest: Manifest; archive: Spool; pausedMs: number };

/** @throws ServiceError NOT_FOUND; PRECONDITION for a tenant whose collections are not complete. */
async function requireTenant({ gate }: Host, idOrSlug: string): Promise<TenantRow> {
  const tenant = await gate.engine.shared.findTenant(idOrSlug);
  if (!tenant) throw new ServiceError("NOT_FOUND", `There is no tenant ${idOrSlug} on this host.`);
  if (tenant.namespaceVersion > 0 && (await gate.engine.listNamespaces()).includes(tenant.slug)) return tenant;
  throw new ServiceError("PRECONDITION", `The collections of ${tenant.slug} are not complete yet. Try again later.`);
}

/**
 * Copies a tenant into an archive beside the agent's data. The tenant's writes wait for as long as that takes, and not for
 * whoever fetches the archive afterwards.
 * @returns the archive, to be closed.
 */
export async function exportTenant(host: Host, idOrSlug: string, signal: AbortSignal): Promise<Exported> {
  const { gate, log } = host;
  const { id, slug, name, orgId, namespaceVersion } = await requireTenant(host, idOrSlug);
  const archive = await openSpool(host.home);
  try {
    const resume = await gate.pause(slug, "This homelab is being copied for a backup.");
    const pausedAt = performance.now();
    try {
      const engine = gate.behind(slug);
      const tenant = { id, slug, name, orgId };
      const facts = { engine: engine.kind, agentVersion: AGENT_VERSION, instanceId: host.instanceId };
      const header = newHeader({ tenant, namespaceVersion, ...facts });
      const manifest = await writeArchive(engine.transfer(slug), header, async (chunk) => {
        signal.throwIfAborted();
        await archive.write(chunk);
      });
      const pausedMs = Math.round(performance.now() - pausedAt);
      log.info({ tenantId: id, slug, bytes: archive.bytes(), pausedMs }, "tenant exported");
      return { header, manifest, archive, pausedMs };
    } finally {
      resume();
    }
  } catch (error) {
    await archive.close();
    throw error;
  }
}
