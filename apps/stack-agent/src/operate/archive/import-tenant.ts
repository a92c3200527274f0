/**
 * Restores a tenant from an archive. Nothing of the tenant is touched until the archive has been read to its end twice and
 * stands complete in a namespace of its own; then that takes the place of the tenant's in one step.
 */
import { ServiceError } from "@kombify/agent-contract";
import type { Engine } from "../../engine/engine.ts";
import type { TenantRow } from "../../engine/shared-store.ts";
import { differences, sumOf, TRANSFER_ORDER } from "../../engine/transfer.ts";
import type { Host } from "../host.ts";
import type { ArchiveHeader, Manifest } from "./format.ts";
import { verifyArchive } from "./read-archive.ts";
import type { Spool } from "./spool.ts";
import { type Unpacked, unpack } from "./unpack.ts";

export type ImportOptions = {
  /** The tenant that is expected; the archive must be its own. */
  tenant?: string | undefined;
  /** A tenant that gets the archive whosever it is. */
  as?: string | undefined;
  /** Whether what the tenant has may go. */
  replace: boolean;
};

export type ImportProgress = { step: "unpack" | "compare" | "replace" } & Unpacked;
export type Imported = { slug: string; manifest: Manifest; pausedMs: number };

async function targetOf({ gate }: Host, { tenant }: ArchiveHeader, options: ImportOptions): Promise<TenantRow> {
  const asked = options.as ?? options.tenant ?? tenant.id;
  const target = await gate.engine.shared.findTenant(asked);
  if (!target) {
    const who = asked === tenant.id ? `${tenant.name} (${tenant.slug})` : asked;
    throw new ServiceError(
      "NOT_FOUND",
      `There is no tenant ${who} on this host. Place it here first, or say whose homelab it shall become: --as <slug>.`,
    );
  }
  if (!options.as && target.id !== tenant.id)
    throw new ServiceError(
      "CONFLICT",
      `The archive is of ${tenant.name} (${tenant.slug}), not of ${target.slug}. If that is what you want, say --as ${target.slug}.`,
    );
  if (!(await gate.engine.listNamespaces()).includes(target.slug))
    throw new ServiceError("PRECONDITION", `The collections of ${target.slug} are not complete yet. Try again later.`);
  return target;
}

async function requireEmpty(engine: Engine, { slug }: TenantRow): Promise<void> {
  const namespace = engine.transfer(slug);
  for (const collection of TRANSFER_ORDER)
    for await (const records of namespace.read(collection))
      if (records.length > 0)
        throw new ServiceError("CONFLICT", `${slug} has ${collection} already. Say --replace if they may go.`);
}

/** What an archive is, and whether it can take this tenant's place; nothing is touched. */
async function check(host: Host, archive: Spool, options: ImportOptions) {
  const { header, manifest } = await verifyArchive(archive.read(), host.gate.engine.namespaceVersion);
  const target = await targetOf(host, header, options);
  if (!options.replace) await requireEmpty(host.gate.behind(target.slug), target);
  return { manifest, target };
}

/**
 * Replaces what a tenant has by what an archive holds, and ends the tenant's sessions.
 * @param signal heard until the namespaces change places.
 * @throws ServiceError INVALID for a damaged, foreign or too new archive; NOT_FOUND and CONFLICT for a tenant that it must
 * not replace. The tenant is then as it was.
 */
export function importTenant(
  host: Host,
  archive: Spool,
  options: ImportOptions,
  { onProgress, signal }: { onProgress: (progress: ImportProgress) => void; signal: AbortSignal },
): Promise<Imported> {
  return host.alone("an import", async () => {
    const { gate, staging, log } = host;
    await staging.sweep();
    const { manifest, target } = await check(host, archive, options);
    const engine = gate.behind(target.slug);
    const slug = await staging.begin();
    try {
      await engine.createNamespace(slug, target.slug);
      const done: Unpacked = { records: 0, files: 0 };
      const expected = await unpack(archive.read(), engine.namespaceVersion, engine.transfer(slug), (progress) => {
        signal.throwIfAborted();
        onProgress({ step: "unpack", ...Object.assign(done, progress) });
      });
      onProgress({ step: "compare", ...done });
      const parts = differences(expected, await sumOf(engine.transfer(slug)));
      if (parts.length > 0)
        throw new ServiceError(
          "UPSTREAM",
          `The engine did not keep the ${parts.join(" and ")} as the archive has them.`,
        );
      signal.throwIfAborted();
      onProgress({ step: "replace", ...done });
      const resume = await gate.pause(target.slug, "This homelab is being restored.");
      const pausedAt = performance.now();
      try {
        if (!options.replace) await requireEmpty(engine, target);
        await staging.willReplace(slug, target.id);
        await engine.replaceNamespace(target.slug, slug);
        // Sessions name people of the namespace that is gone.
        await gate.engine.shared.endSessionsOfTenant(target.id);
      } finally {
        resume();
      }
      const pausedMs = Math.round(performance.now() - pausedAt);
      log.info({ tenantId: target.id, slug: target.slug, pausedMs }, "tenant restored");
      host.onRestored(target);
      return { slug: target.slug, manifest, pausedMs };
    } finally {
      await staging
        .remove(slug)
        .catch((err: unknown) => log.warn({ err, slug }, "what is left of an import is removed at the next chance"));
    }
  });
}
