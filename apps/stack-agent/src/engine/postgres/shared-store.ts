import { type DesiredState, desiredStateSchema } from "@kombify/agent-contract";
import type { Sql } from "postgres";
import type { LiveSession, SessionRow, SharedStore, StoredSession, TenantRow } from "../shared-store.ts";
import { flagStatements } from "./flag-statements.ts";

type AppliedRow = { document: DesiredState | null; appliedRevision: number; contactedAt: Date | null };

const isUuid = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

const SESSION_PAGE = 500;

/** Of a used assertion only the columns that it has. */
const storedSession = ({ ...row }: StoredSession): StoredSession =>
  row.kind === "assertion" ? { kind: row.kind, idHash: row.idHash, expiresAt: row.expiresAt } : row;

/** The shared collections on PostgreSQL, in tables that only the agent's own login owns. */
export function createSharedStore(sql: Sql): SharedStore {
  const tenantColumns = sql`t.id, t.slug, t.org_id as "orgId", t.name, t.plan, t.state, t.generation,
    t.namespace_version as "namespaceVersion", t.error`;
  const sessionColumns = sql`s.id_hash as "idHash", s.kind, s.tenant_id as "tenantId", s.generation, s.user_id as "userId",
    s.email, s.name, s.role, s.subject, s.sid, s.issued_at as "issuedAt", s.expires_at as "expiresAt"`;
  const tenantJson = sql`json_build_object('id', t.id, 'slug', t.slug, 'orgId', t.org_id, 'name', t.name,
    'plan', t.plan, 'state', t.state, 'generation', t.generation, 'namespaceVersion', t.namespace_version,
    'error', t.error) as tenant`;
  // Written once, so that a session and a ticket can never be judged differently.
  const isLive = sql`s.expires_at > now() and t.id = s.tenant_id and t.state in ('ready', 'quarantined')
    and t.generation = s.generation`;

  const liveSession = (row: (SessionRow & { tenant: TenantRow }) | undefined): LiveSession | null => {
    if (!row) return null;
    const { tenant, ...session } = row;
    return { session, tenant };
  };

  return {
    async loadApplied() {
      const [row] = await sql<AppliedRow[]>`
        select document, applied_revision as "appliedRevision", contacted_at as "contactedAt" from stack._applied`;
      const document = desiredStateSchema.safeParse(row?.document);
      return {
        document: document.success ? document.data : null,
        appliedRevision: row?.appliedRevision ?? 0,
        contactedAt: row?.contactedAt ?? null,
      };
    },
    saveDocument: async (document) => {
      await sql`update stack._applied set document = ${sql.json(document)}`;
    },
    saveAppliedRevision: async (revision) => {
      await sql`update stack._applied set applied_revision = ${revision}`;
    },
    saveContact: async (at) => {
      await sql`update stack._applied set contacted_at = ${at}`;
    },

    listTenants: async () => [
      ...(await sql<TenantRow[]>`select ${tenantColumns} from stack._tenants t order by t.slug`),
    ],
    findTenant: async (idOrSlug) => {
      const condition = isUuid(idOrSlug) ? sql`t.id = ${idOrSlug}` : sql`t.slug = ${idOrSlug}`;
      const [row] = await sql<TenantRow[]>`select ${tenantColumns} from stack._tenants t where ${condition}`;
      return row ?? null;
    },
    findTenantOfOrg: async (orgId, tenantId) => {
      const [row] = await sql<TenantRow[]>`select ${tenantColumns} from stack._sso_mappings m
        join stack._tenants t on t.id = m.tenant_id where m.org_id = ${orgId} and m.tenant_id = ${tenantId}`;
      return row ?? null;
    },
    async saveTenant(tenant, state) {
      const { tenantId, slug, orgId, name, plan, generation } = tenant;
      await sql`
        with saved as (
          insert into stack._tenants (id, slug, org_id, name, plan, state, generation)
          values (${tenantId}, ${slug}, ${orgId}, ${name}, ${plan}, ${state}, ${generation})
          on conflict (id) do update set org_id = excluded.org_id, name = excluded.name, plan = excluded.plan,
            state = excluded.state, generation = excluded.generation, error = null, updated_at = now()
          returning id),
        stale as (delete from stack._sso_mappings where tenant_id = ${tenantId} and org_id <> ${orgId})
        insert into stack._sso_mappings (org_id, tenant_id) select ${orgId}, id from saved on conflict do nothing`;
    },
    setTenantState: async (id, state, error) => {
      await sql`update stack._tenants set state = ${state}, error = ${error}, updated_at = now() where id = ${id}`;
    },

    createSessions: async (sessions) => {
      const rows = sessions.map((session) => ({
        id_hash: session.idHash,
        kind: session.kind,
        tenant_id: session.tenantId,
        generation: session.generation,
        user_id: session.userId,
        email: session.email,
        name: session.name,
        role: session.role,
        subject: session.subject,
        sid: session.sid,
        issued_at: session.issuedAt,
        expires_at: session.expiresAt,
      }));
      await sql`insert into stack._sessions ${sql(rows)}`;
    },
    consumeAssertion: async (idHash, expiresAt) => {
      const rows = await sql`insert into stack._sessions (id_hash, kind, expires_at)
        values (${idHash}, 'assertion', ${expiresAt}) on conflict do nothing returning id_hash`;
      return rows.length === 1;
    },
    redeemTicket: async (idHash) => {
      const [row] = await sql<(SessionRow & { tenant: TenantRow })[]>`
        delete from stack._sessions s using stack._tenants t
        where s.id_hash = ${idHash} and s.kind = 'ticket' and ${isLive} returning ${sessionColumns}, ${tenantJson}`;
      return liveSession(row);
    },
    findSession: async (idHash, kind) => {
      const [row] = await sql<(SessionRow & { tenant: TenantRow })[]>`
        select ${sessionColumns}, ${tenantJson} from stack._sessions s, stack._tenants t
        where s.id_hash = ${idHash} and s.kind = ${kind} and ${isLive}`;
      return liveSession(row);
    },
    endSession: async (idHash) => {
      await sql`delete from stack._sessions where id_hash = ${idHash}`;
    },
    endSessionsOfTenant: async (tenantId) => {
      await sql`delete from stack._sessions where tenant_id = ${tenantId}`;
    },
    endSessionsOf: async ({ tenantId, subject, sid, before }) => {
      await sql`delete from stack._sessions where tenant_id = ${tenantId} and subject = ${subject} and issued_at <= ${before}
        and coalesce(sid = ${sid}, true)`;
    },
    updatePerson: async (tenantId, userId, { email, name, role }) => {
      await sql`update stack._sessions set email = ${email}, name = ${name}, role = ${role}
        where tenant_id = ${tenantId} and user_id = ${userId}`;
    },
    removeExpiredSessions: async () => {
      await sql`delete from stack._sessions where expires_at < now() - interval '1 minute'`;
    },
    async *listSessions() {
      for (let after = ""; ; ) {
        const rows = await sql<StoredSession[]>`select ${sessionColumns} from stack._sessions s
          where s.id_hash > ${after} and s.expires_at > now() order by s.id_hash limit ${SESSION_PAGE}`;
        if (rows.length > 0) yield rows.map(storedSession);
        if (rows.length < SESSION_PAGE) return;
        after = rows.at(-1)?.idHash ?? "";
      }
    },
    ...flagStatements(sql),
  };
}
