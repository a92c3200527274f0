/**
 * What a tenant's flags are, as one immutable document per revision. Made when it is first asked for, written down, and the
 * same for everybody since: for the tenant's host, and for Cloud, which evaluates the same document with the same code.
 */
import { type FlagDocument, ServiceError } from "@kombify/agent-contract";
import type { Database, TenantId } from "@kombify/db";
import { type CompileSource, compileFlags, createFlagSet, type FlagSet, sealDocument } from "@kombify/flags";

/** A document, ready to evaluate. */
export interface TenantFlags {
  document: FlagDocument;
  flagSet: FlagSet;
}

export interface FlagDocuments {
  /** @throws ServiceError NOT_FOUND */
  of(tenantId: TenantId): Promise<TenantFlags>;
}

interface Row {
  revision: number;
  generatedAt: Date;
  slug: string;
  plan: string;
  instance: string | null;
  region: string | null;
  version: string | null;
  overrides: Record<string, string>;
  flags: CompileSource["flags"];
  segments: CompileSource["segments"];
}

export function openFlagDocuments({ db }: { db: Database }): FlagDocuments {
  return {
    async of(tenantId) {
      const [row] = await db.as({ kind: "system" }).read<Row>(
        (sql) => sql`
        select (s.revision + t.flags_revision)::float8 as revision, greatest(s.changed_at, t.flags_changed_at) as "generatedAt",
          t.slug, t.plan, i.name as instance, i.region, r.versions ->> 'agent' as version,
          (select coalesce(json_object_agg(f.key, o.variant), '{}') from flag_overrides o join flags f on f.id = o.flag_id
            where o.tenant_id = t.id) as overrides,
          (select coalesce(json_agg(json_build_object('key', f.key, 'state', f.state, 'variants', f.variants, 'defaultVariant', f.default_variant,
            'targeting', f.targeting, 'metadata', f.metadata, 'offVariant', f.off_variant, 'prerequisites', f.prerequisites,
            'isKilled', f.killed_at is not null) order by f.key), '[]') from flags f) as flags,
          (select coalesce(json_object_agg(g.key, g.logic), '{}') from flag_segments g) as segments
        from flag_settings s, tenants t left join instances i on i.id = t.instance_id left join instance_reports r on r.instance_id = i.id
        where t.id = ${tenantId}`,
      );
      if (!row) throw new ServiceError("NOT_FOUND", "There is no such homelab.");
      const { revision, generatedAt, slug, plan, instance, region, version, overrides, flags, segments } = row;
      const facts = { tenantId, tenant: slug, plan };
      const context = {
        ...facts,
        ...(instance ? { instance } : {}),
        ...(region ? { region } : {}),
        ...(version ? { version } : {}),
      };
      const compiled = compileFlags({ flags, segments }, facts, overrides);
      const document = sealDocument({ tenant: tenantId, revision, context, flags: compiled }, generatedAt);
      return { document, flagSet: createFlagSet(compiled) };
    },
  };
}
