import { createHash } from "node:crypto";
import { desiredStateSchema, type MemberRole, type Plan } from "@kombify/agent-contract";
import type { RecordModel } from "pocketbase";
import type {
  LiveSession,
  SessionKind,
  SessionRow,
  SharedStore,
  StoredSession,
  TenantRow,
  TenantState,
} from "../shared-store.ts";
import { BatchRefused, type BatchRequest, type Client, isStatus, recordsUrl } from "./client.ts";
import { all, quote } from "./filters.ts";
import { flagRecords } from "./flag-records.ts";

/** The one record of `_applied`. */
const APPLIED = "applied";
const PAGE = 500;

const tenantOf = (record: RecordModel): TenantRow => ({
  id: record.id,
  slug: record.slug,
  orgId: record.org_id,
  name: record.name,
  plan: record.plan as Plan,
  state: record.state as TenantState,
  generation: record.generation,
  namespaceVersion: record.namespace_version,
  error: record.error || null,
});

const sessionOf = (record: RecordModel): SessionRow => ({
  idHash: record.id,
  kind: record.kind as SessionKind,
  tenantId: record.tenant_id,
  generation: record.generation,
  userId: record.user_id,
  email: record.email,
  name: record.name,
  role: record.role as MemberRole,
  subject: record.subject,
  sid: record.sid || null,
  issuedAt: new Date(record.issued_at || 0),
  expiresAt: new Date(record.expires_at),
});

const storedSession = (record: RecordModel): StoredSession =>
  record.kind === "assertion"
    ? { kind: "assertion", idHash: record.id, expiresAt: new Date(record.expires_at) }
    : sessionOf(record);

/** `2026-01-31 12:00:00.000Z` */
const time = (date: Date): string => date.toISOString().replace("T", " ");
const mappingId = (orgId: string, tenantId: string): string =>
  createHash("sha256").update(`${orgId}\n${tenantId}`).digest("hex");

/** The shared collections on PocketBase. One agent works on them at a time: it holds its home. */
export function createSharedStore(client: Client): SharedStore {
  const { pb } = client;
  const tenants = pb.collection("_tenants");
  const sessions = pb.collection("_sessions");
  const orNull = async (found: Promise<RecordModel>): Promise<RecordModel | null> =>
    found.catch((error: unknown) => {
      if (isStatus(error, 404)) return null;
      throw error;
    });
  const first = async (collection: string, conditions: string[]): Promise<RecordModel | null> => {
    const page = await pb.collection(collection).getList(1, 1, { filter: all(conditions), skipTotal: true });
    return page.items[0] ?? null;
  };
  const list = (collection: string, conditions: string[], fields = "*") =>
    pb.collection(collection).getFullList({ batch: PAGE, filter: all(conditions), sort: "id", fields });
  const saveApplied = async (changes: Record<string, unknown>): Promise<void> => {
    await client
      .batch([{ method: "PATCH", url: recordsUrl("_applied", APPLIED), body: changes }])
      .catch(async (error: unknown) => {
        if (!(error instanceof BatchRefused && error.refusal.status === 404)) throw error;
        await pb.collection("_applied").create({ id: APPLIED, applied_revision: 0, ...changes });
      });
  };
  const removeAll = async (collection: string, conditions: string[]): Promise<void> => {
    const records = await list(collection, conditions, "id");
    const requests = records.map(({ id }): BatchRequest => ({ method: "DELETE", url: recordsUrl(collection, id) }));
    if (requests.length > 0) await client.batch(requests);
  };

  /** The session with its tenant, if both are alive and of one generation. */
  const live = async (session: RecordModel | null): Promise<LiveSession | null> => {
    if (!session || new Date(session.expires_at).getTime() <= Date.now()) return null;
    const tenant = await orNull(tenants.getOne(session.tenant_id));
    const isKnown = tenant?.state === "ready" || tenant?.state === "quarantined";
    if (!isKnown || tenant.generation !== session.generation) return null;
    return { session: sessionOf(session), tenant: tenantOf(tenant) };
  };

  return {
    async loadApplied() {
      const record = await orNull(pb.collection("_applied").getOne(APPLIED));
      const document = desiredStateSchema.safeParse(record?.document);
      return {
        document: document.success ? document.data : null,
        appliedRevision: record?.applied_revision ?? 0,
        contactedAt: record?.contacted_at ? new Date(record.contacted_at) : null,
      };
    },
    saveDocument: (document) => saveApplied({ document }),
    saveAppliedRevision: (revision) => saveApplied({ applied_revision: revision }),
    saveContact: (at) => saveApplied({ contacted_at: time(at) }),

    listTenants: async () => {
      const records = await tenants.getFullList({ batch: PAGE, sort: "slug" });
      return records.map(tenantOf);
    },
    findTenant: async (idOrSlug) => {
      const record = await first("_tenants", [`(id = ${quote(idOrSlug.toLowerCase())} || slug = ${quote(idOrSlug)})`]);
      return record ? tenantOf(record) : null;
    },
    findTenantOfOrg: async (orgId, tenantId) => {
      const mapping = await orNull(pb.collection("_sso_mappings").getOne(mappingId(orgId, tenantId)));
      const record = mapping && (await orNull(tenants.getOne(tenantId)));
      return record ? tenantOf(record) : null;
    },
    async saveTenant({ tenantId, slug, orgId, name, plan, generation }, state) {
      const body = { org_id: orgId, name, plan, generation, state, error: "", updated_at: time(new Date()) };
      const known = await orNull(tenants.getOne(tenantId));
      const mappings = await list("_sso_mappings", [`tenant_id = ${quote(tenantId)}`]);
      const id = mappingId(orgId, tenantId);
      await client.batch([
        known
          ? { method: "PATCH", url: recordsUrl("_tenants", tenantId), body }
          : {
              method: "POST",
              url: recordsUrl("_tenants"),
              body: { id: tenantId, slug, namespace_version: 0, ...body },
            },
        ...mappings
          .filter((mapping) => mapping.id !== id)
          .map((mapping): BatchRequest => ({ method: "DELETE", url: recordsUrl("_sso_mappings", mapping.id) })),
        ...(mappings.some((mapping) => mapping.id === id)
          ? []
          : [
              {
                method: "POST",
                url: recordsUrl("_sso_mappings"),
                body: { id, org_id: orgId, tenant_id: tenantId },
              } as const,
            ]),
      ]);
    },
    setTenantState: async (id, state, error) => {
      await tenants.update(id, { state, error: error ?? "", updated_at: time(new Date()) });
    },

    createSessions: async (rows) => {
      await client.batch(
        rows.map(
          ({ idHash, kind, tenantId, generation, userId, email, name, role, subject, sid, issuedAt, expiresAt }) => ({
            // Tokens that PocketBase issues to somebody within one second are the same.
            method: "PUT",
            url: recordsUrl("_sessions"),
            body: {
              id: idHash,
              kind,
              tenant_id: tenantId,
              generation,
              user_id: userId,
              email,
              name,
              role,
              subject,
              sid: sid ?? "",
              issued_at: time(issuedAt),
              expires_at: time(expiresAt),
            },
          }),
        ),
      );
    },
    consumeAssertion: async (idHash, expiresAt) => {
      try {
        await sessions.create({ id: idHash, kind: "assertion", expires_at: time(expiresAt) });
        return true;
      } catch (error) {
        if (isStatus(error, 400) && (await orNull(sessions.getOne(idHash)))) return false;
        throw error;
      }
    },
    redeemTicket: async (idHash) => {
      const ticket = await orNull(sessions.getOne(idHash));
      const found = ticket?.kind === "ticket" ? await live(ticket) : null;
      if (!found) return null;
      // Deleting succeeds for one of many who try at the same moment.
      const isMine = await sessions.delete(idHash).catch((error: unknown) => {
        if (isStatus(error, 404)) return false;
        throw error;
      });
      return isMine ? found : null;
    },
    findSession: async (idHash, kind) => {
      const session = await orNull(sessions.getOne(idHash));
      return session?.kind === kind ? live(session) : null;
    },
    endSession: async (idHash) => removeAll("_sessions", [`id = ${quote(idHash)}`]),
    endSessionsOfTenant: async (tenantId) => removeAll("_sessions", [`tenant_id = ${quote(tenantId)}`]),
    endSessionsOf: async ({ tenantId, subject, sid, before }) =>
      removeAll("_sessions", [
        `tenant_id = ${quote(tenantId)}`,
        `subject = ${quote(subject)}`,
        `issued_at <= ${quote(time(before))}`,
        ...(sid === null ? [] : [`(sid = ${quote(sid)} || sid = "")`]),
      ]),
    updatePerson: async (tenantId, userId, { email, name, role }) => {
      const records = await list("_sessions", [`tenant_id = ${quote(tenantId)}`, `user_id = ${quote(userId)}`], "id");
      const body = { email, name, role };
      const requests = records.map(
        ({ id }): BatchRequest => ({ method: "PATCH", url: recordsUrl("_sessions", id), body }),
      );
      if (requests.length > 0) await client.batch(requests);
    },
    removeExpiredSessions: async () => {
      await removeAll("_sessions", [`expires_at < ${quote(time(new Date(Date.now() - 60_000)))}`]);
    },
    async *listSessions() {
      for (let after = ""; ; ) {
        const filter = all([`id > ${quote(after)}`, `expires_at > ${quote(time(new Date()))}`]);
        const { items } = await sessions.getList(1, PAGE, { filter, sort: "id", skipTotal: true });
        if (items.length > 0) yield items.map(storedSession);
        if (items.length < PAGE) return;
        after = items.at(-1)?.id ?? "";
      }
    },
    ...flagRecords(client),
  };
}
