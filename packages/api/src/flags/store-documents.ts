/** Documents of flags on their way into the database and out of it. What was written first is what everybody gets. */
import type { CompiledFlags, FlagEnvelope } from "@kombify/agent-contract";
import type { ScopedDatabase, TenantId, Transaction } from "@kombify/db";
import { sql } from "drizzle-orm";

/** Flags with the digest that names them. */
export interface Content {
  digest: string;
  flags: CompiledFlags;
}

/** An envelope that is to be written, with the fleet's revision that is part of its own. */
export type NewDocument = { envelope: FlagEnvelope; fleetRevision: number };

/** As a row gives it; the time is the only thing that JSON does not carry as it was. */
export type StoredDocument = Pick<FlagEnvelope, "revision" | "digest" | "flagsDigest" | "engineVersion" | "context"> & {
  generatedAt: string;
};

export const envelopeOfRow = (tenant: TenantId, row: StoredDocument): FlagEnvelope => ({
  schemaVersion: 1,
  engineVersion: row.engineVersion,
  tenant,
  revision: row.revision,
  digest: row.digest,
  flagsDigest: row.flagsDigest,
  generatedAt: new Date(row.generatedAt).toISOString(),
  context: row.context,
});

const LOCK = "kombify flag documents";

/** No content is removed while somebody writes documents that may refer to it. */
export const lockContents = (tx: Transaction) => tx.execute(sql`select pg_advisory_xact_lock(hashtext(${LOCK}))`);

/**
 * Writes documents that were not there.
 * @returns every one of them as it is written now, by tenant: those of another process where that was first. A tenant that
 * was removed meanwhile is left out.
 */
export function storeDocuments(
  db: ScopedDatabase,
  documents: readonly NewDocument[],
  contents: Iterable<Content>,
): Promise<Map<TenantId, FlagEnvelope>> {
  // Two processes that write the same rows do it in the same order, and so never wait for each other in a circle.
  const rows = documents
    .map(({ envelope, fleetRevision }) => ({ ...envelope, fleetRevision }))
    .sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
  const shared = [...contents].sort((a, b) => (a.digest < b.digest ? -1 : 1));
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock_shared(hashtext(${LOCK}))`);
    await tx.execute(sql`
      insert into flag_contents (digest, flags)
      select digest, flags from json_to_recordset(${JSON.stringify(shared)}::json) as c(digest text, flags jsonb)
      on conflict do nothing`);
    await tx.execute(sql`
      with there as (
        select t.id from tenants t where t.id in (select tenant from json_to_recordset(${JSON.stringify(rows)}::json) as r(tenant uuid))
        order by t.id for key share)
      insert into flag_documents (tenant_id, revision, fleet_revision, digest, flags_digest, engine_version, context, generated_at)
      select d.tenant, d.revision, d."fleetRevision", d.digest, d."flagsDigest", d."engineVersion", d.context, d."generatedAt"
      from json_to_recordset(${JSON.stringify(rows)}::json) as d(tenant uuid, revision bigint, "fleetRevision" bigint, digest text,
        "flagsDigest" text, "engineVersion" text, context jsonb, "generatedAt" timestamptz)
      join there on there.id = d.tenant
      order by d.tenant
      on conflict do nothing`);
    const keys = JSON.stringify(rows.map(({ tenant, revision }) => ({ tenant, revision })));
    const written = await tx.execute<{ tenant: TenantId; document: StoredDocument }>(sql`
      select d.tenant_id as tenant, json_build_object('revision', d.revision, 'digest', d.digest, 'flagsDigest', d.flags_digest,
        'engineVersion', d.engine_version, 'context', d.context, 'generatedAt', d.generated_at) as document
      from json_to_recordset(${keys}::json) as k(tenant uuid, revision bigint)
      join flag_documents d on d.tenant_id = k.tenant and d.revision = k.revision`);
    return new Map(written.map(({ tenant, document }) => [tenant, envelopeOfRow(tenant, document)]));
  });
}

/** Contents by digest, where another process or another version of the compiler wrote them. */
export const readContents = (db: ScopedDatabase, digests: string[]): Promise<Content[]> =>
  db.read<{ digest: string; flags: CompiledFlags }>(
    (sql) => sql`select digest, flags from flag_contents where digest = any(${digests})`,
  );
