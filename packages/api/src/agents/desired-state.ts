/** Assembles the one document that an agent works from, out of the nouns below. Nothing else makes it. */
import {
  type DesiredState,
  type DesiredTenant,
  desiredStateSchema,
  STACK_SESSION_SECONDS,
} from "@kombify/agent-contract";
import type { AgentContext } from "../context.ts";

interface Row {
  revision: number;
  tenants: DesiredTenant[];
  tombstones: DesiredState["tombstones"];
  sessionEndings: DesiredState["sessionEndings"];
  assertionKeys: DesiredState["assertionKeys"];
  caBundle: string[];
  revokedServiceSerials: string[];
  renewCertificatesBefore: Date | null;
}

/**
 * The document of the calling agent's instance, or null while `known` is its revision. One statement, so that revision
 * and content belong together.
 */
export async function readDesiredState(ctx: AgentContext, known: number): Promise<DesiredState | null> {
  const [current] = await ctx.db.read<{ revision: number }>(
    (sql) => sql`select desired_revision::float8 as revision from instances`,
  );
  if (!current || current.revision === known) return null;
  const [row] = await ctx.db.read<Row>(
    (sql) => sql`
      select i.desired_revision::float8 as revision,
        (select coalesce(json_agg(json_build_object('tenantId', t.id, 'slug', t.slug, 'orgId', t.org_id, 'name', t.name, 'plan', t.plan,
            'state', case t.status when 'suspended' then 'suspended' else 'active' end, 'generation', t.generation,
            'members', (select coalesce(json_agg(json_build_object('subject', m.user_id, 'role', m.role, 'identities',
                (select coalesce(json_agg(json_build_object('issuer', o.issuer, 'subject', o.subject) order by o.issuer, o.subject), '[]')
                 from oidc_identities o where o.user_id = m.user_id)) order by m.user_id), '[]')
              from memberships m where m.tenant_id = t.id)) order by t.id), '[]')
         from tenants t where t.status in ('provisioning', 'active', 'suspended')) as tenants,
        (select coalesce(json_agg(json_build_object('tenantId', t.id, 'slug', t.slug, 'generation', t.generation) order by t.id), '[]')
         from tenants t where t.status = 'deleting') as tombstones,
        (select coalesce(json_agg(json_build_object('tenantId', e.tenant_id, 'subject', e.user_id, 'sid', e.session_id,
            'before', to_char(e.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) order by e.ended_at, e.id), '[]')
         from session_endings e where e.ended_at > now() - ${STACK_SESSION_SECONDS} * interval '1 second') as "sessionEndings",
        (select coalesce(json_agg(public_jwk order by created_at desc), '[]') from signing_keys where retired_at is null) as "assertionKeys",
        (select json_agg(certificate order by created_at desc) from certificate_authorities where retired_at is null) as "caBundle",
        (select coalesce(json_agg(serial order by serial), '[]') from service_certificates
          where revoked_at is not null and not_after > now()) as "revokedServiceSerials",
         i.renew_certificates_before as "renewCertificatesBefore"
      from instances i`,
  );
  if (!row) return null;
  return desiredStateSchema.parse({
    schemaVersion: 1,
    instanceId: ctx.instanceId,
    generatedAt: new Date().toISOString(),
    portalOrigin: new URL(ctx.can.urls.cloud).origin,
    ...row,
    renewCertificatesBefore: row.renewCertificatesBefore?.toISOString() ?? null,
  });
}
