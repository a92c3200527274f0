/**
 * Reads what tenants' flags are now, and makes the documents that nobody has made yet. Revision and content come out of one
 * statement, and so belong together whatever is being written.
 */
import type { FlagEnvelope } from "@kombify/agent-contract";
import type { Database, InstanceId, TenantId } from "@kombify/db";
import { type CompileSource, compileFlags, digestOfFlags, envelopeOf, sealDocument } from "@kombify/flags";
import { type Content, envelopeOfRow, readContents, type StoredDocument, storeDocuments } from "./store-documents.ts";

/** A tenant as it was at one moment. */
export interface LoadedTenant {
  tenantId: TenantId;
  instanceId: InstanceId | null;
  /** Whether its host's desired document names it: see agents/desired-state.ts. */
  isServed: boolean;
  envelope: FlagEnvelope;
}

export interface Wanted {
  tenants: readonly TenantId[];
  /** All tenants there. */
  instances: readonly InstanceId[];
}

interface Row {
  tenantId: TenantId;
  revision: number;
  changedAt: string;
  slug: string;
  plan: string;
  isServed: boolean;
  instanceId: InstanceId | null;
  instance: string | null;
  region: string | null;
  version: string | null;
  overrides: Record<string, string>;
  written: StoredDocument | null;
}

interface Fleet {
  revision: number;
  flags: CompileSource["flags"] | null;
  segments: CompileSource["segments"] | null;
  tenants: Row[];
}

const contextOf = ({ tenantId, slug, plan, instance, region, version }: Row): FlagEnvelope["context"] => ({
  tenantId,
  tenant: slug,
  plan,
  ...(instance ? { instance } : {}),
  ...(region ? { region } : {}),
  ...(version ? { version } : {}),
});

/** @param contents known ones by digest; what is loaded has its own there afterwards. */
export function createDocumentLoader(db: Database, contents: Map<string, Content>) {
  const system = db.as({ kind: "system" });
  /** Of the newest revision of the fleet that was seen. */
  let known: { revision: number; source: CompileSource } | undefined;

  /** The flags themselves are read when their revision is another one than is known. */
  async function readFleet({ tenants, instances }: Wanted): Promise<Fleet> {
    const seen = known?.revision ?? null;
    const [row] = await system.read<Fleet>(
      (sql) => sql`
        select s.revision::float8 as revision,
          case when s.revision is distinct from ${seen}::bigint then (
            select coalesce(json_agg(json_build_object('key', f.key, 'state', f.state, 'variants', f.variants, 'defaultVariant', f.default_variant,
              'targeting', f.targeting, 'metadata', f.metadata, 'offVariant', f.off_variant, 'prerequisites', f.prerequisites,
              'isKilled', f.killed_at is not null) order by f.key), '[]') from flags f) end as flags,
          case when s.revision is distinct from ${seen}::bigint then (
            select coalesce(json_object_agg(g.key, g.logic), '{}') from flag_segments g) end as segments,
          (select coalesce(json_agg(json_build_object('tenantId', t.id, 'revision', s.revision + t.flags_revision,
              'changedAt', greatest(s.changed_at, t.flags_changed_at), 'slug', t.slug, 'plan', t.plan,
              'isServed', t.status in ('provisioning', 'active', 'suspended'), 'instanceId', t.instance_id,
              'instance', i.name, 'region', i.region, 'version', r.versions ->> 'agent',
              'overrides', (select coalesce(json_object_agg(f.key, o.variant), '{}') from flag_overrides o join flags f on f.id = o.flag_id
                where o.tenant_id = t.id),
              'written', case when d.digest is not null then json_build_object('revision', d.revision, 'digest', d.digest,
                'flagsDigest', d.flags_digest, 'engineVersion', d.engine_version, 'context', d.context, 'generatedAt', d.generated_at) end)), '[]')
            from tenants t left join instances i on i.id = t.instance_id left join instance_reports r on r.instance_id = i.id
              left join flag_documents d on d.tenant_id = t.id and d.revision = s.revision + t.flags_revision
            where t.id = any(${tenants as string[]}::uuid[]) or t.instance_id = any(${instances as string[]}::uuid[])) as tenants
        from flag_settings s`,
    );
    if (!row) throw new Error("The row of flag_settings is missing: run the migrations.");
    return row;
  }

  return async function load(wanted: Wanted): Promise<LoadedTenant[]> {
    const { revision, flags, segments, tenants } = await readFleet(wanted);
    if (flags && segments) known = { revision, source: { flags, segments } };
    const source = known?.source;
    if (!source) throw new Error("There is no source of flags, and none came.");

    const made = tenants.map((row) => {
      // Tenants who get the same get the same object: see compileFlags.
      const compiled = compileFlags(source, { tenantId: row.tenantId, tenant: row.slug }, row.overrides);
      const digest = digestOfFlags(compiled);
      const content = contents.get(digest) ?? { digest, flags: compiled };
      contents.set(digest, content);
      return { row, content };
    });
    const missing = made.filter(({ row }) => !row.written);
    const documents = missing.map(({ row, content }) => {
      const { tenantId: tenant, revision: own } = row;
      const facts = { tenant, revision: own, context: contextOf(row), flags: content.flags };
      return {
        envelope: envelopeOf(sealDocument(facts, new Date(row.changedAt), content.digest)),
        fleetRevision: revision,
      };
    });
    const stored =
      documents.length === 0
        ? new Map<TenantId, FlagEnvelope>()
        : await storeDocuments(system, documents, new Set(missing.map(({ content }) => content)));

    const loaded = tenants.flatMap(({ tenantId, instanceId, isServed, written }) => {
      const envelope = written ? envelopeOfRow(tenantId, written) : stored.get(tenantId);
      return envelope ? [{ tenantId, instanceId, isServed, envelope }] : [];
    });
    // Another process was first, with another compiler: its documents hold.
    const unknown = new Set(
      loaded.map(({ envelope }) => envelope.flagsDigest).filter((digest) => !contents.has(digest)),
    );
    if (unknown.size > 0)
      for (const content of await readContents(system, [...unknown])) contents.set(content.digest, content);
    return loaded;
  };
}
