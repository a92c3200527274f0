/**
 * Process: what one would write by hand to answer `tenants.get`, with Fastify and postgres.js and nothing else. It checks
 * the session, says to the database for which tenant it acts, and reads the same columns with the same SQL under the same
 * row-level security. No log, no metrics, no security headers, no request id, no validation of what it sends.
 */
import { createHash } from "node:crypto";
import Fastify, { type FastifyRequest } from "fastify";
import postgres, { type Row } from "postgres";

const { DATABASE_URL: databaseUrl } = process.env;
if (!databaseUrl) throw new Error("DATABASE_URL is missing.");
const sql = postgres(databaseUrl, { max: 10, onnotice: () => undefined });
const app = Fastify();

type Session = { userId: string; tenantId: string | null };
type Slug = { Params: { slug: string } };

const sessionIdOf = (request: FastifyRequest): string | null => {
  const token = /(?:^|;\s*)kombify_cloud=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];
  return token ? createHash("sha256").update(token).digest("hex") : null;
};

/** One statement: whose session it is, and the tenant of that slug if it is one of theirs. */
async function findSession(id: string, slug: string): Promise<Session | undefined> {
  const [session] = await sql<Session[]>`
    select s.user_id as "userId", m.id as "tenantId" from sessions s left join lateral (
      select t.id from memberships m join tenants t on t.id = m.tenant_id where m.user_id = s.user_id and t.slug = ${slug}) m on true
    where s.id = ${id} and s.audience = 'cloud' and s.expires_at > now()`;
  return session;
}

async function readTenant(tenantId: string, userId: string): Promise<Row | undefined> {
  const tx = await sql.reserve();
  const steps = await Promise.allSettled([
    tx`begin read only`.execute(),
    tx`select set_config('role', 'kombify_tenant', true), set_config('app.tenant_id', ${tenantId}, true), set_config('app.user_id', ${userId}, true)`.execute(),
    tx<Row[]>`select t.id, t.slug, t.name, t.plan, t.status, t.created_at as "createdAt", t.placed_at as "placedAt",
        t.namespace_begun_at as "namespaceBegunAt", t.namespace_ready_at as "namespaceReadyAt", t.activated_at as "activatedAt", t.error,
        m.role, (select count(*)::int from memberships) as "memberCount",
        i.id as "instanceId", i.name as "instanceName", i.public_url as "publicUrl", i.desired_revision::float8 as "desiredRevision",
        r.connection, r.last_seen_at as "lastSeenAt", r.applied_revision::float8 as "appliedRevision"
      from tenants t join memberships m on m.tenant_id = t.id and m.user_id = app_user_id()
        left join instances i on i.id = t.instance_id left join instance_reports r on r.instance_id = i.id
      where t.id = app_tenant_id()`.execute(),
    tx`commit`.execute(),
  ]).finally(() => tx.release());
  for (const step of steps) if (step.status === "rejected") throw step.reason;
  return steps[2].status === "fulfilled" ? steps[2].value[0] : undefined;
}

app.get<Slug>("/tenants/:slug", async (request, reply) => {
  const id = sessionIdOf(request);
  const session = id ? await findSession(id, request.params.slug) : undefined;
  if (!session) return reply.code(401).send({ message: "Sign in first." });
  const tenant = session.tenantId ? await readTenant(session.tenantId, session.userId) : undefined;
  return tenant ?? reply.code(404).send({ message: "There is no such homelab." });
});

// The same with the product's shortcut: a session that was found valid is believed for five seconds.
const remembered = new Map<string, { session: Session; until: number }>();
app.get<Slug>("/remembered/:slug", async (request, reply) => {
  const id = sessionIdOf(request);
  if (!id) return reply.code(401).send({ message: "Sign in first." });
  const key = `${id} ${request.params.slug}`;
  const known = remembered.get(key);
  const session = known && known.until > Date.now() ? known.session : await findSession(id, request.params.slug);
  if (!session) return reply.code(401).send({ message: "Sign in first." });
  if (session !== known?.session) remembered.set(key, { session, until: Date.now() + 5_000 });
  const tenant = session.tenantId ? await readTenant(session.tenantId, session.userId) : undefined;
  return tenant ?? reply.code(404).send({ message: "There is no such homelab." });
});

// One select by primary key: no session, no tenant, no transaction.
app.get<{ Params: { id: string } }>("/bare/:id", async (request, reply) => {
  const [tenant] = await sql`
    select id, slug, name, plan, status, created_at as "createdAt" from tenants where id = ${request.params.id}`;
  return tenant ?? reply.code(404).send({ message: "There is no such homelab." });
});

process.on("SIGTERM", () => {
  app
    .close()
    .then(() => sql.end({ timeout: 1 }))
    .then(() => process.exit(0));
});
process.on("disconnect", () => process.exit(1));
process.send?.(await app.listen({ host: "127.0.0.1", port: 0 }));
