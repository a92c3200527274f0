/** The people whose homelabs are read: tenants on instances, and a session for some of the owners. */
import { createHash, randomBytes } from "node:crypto";
import postgres from "postgres";

const TENANTS = 10_000;
const INSTANCES = 100;
/** People who are signed in at once. More than one, so that no answer comes out of anybody's memory. */
const SIGNED_IN = 1_000;

export type Person = { userId: string; slug: string; tenantId: string; token: string };

/**
 * Fills the tables as if {@link TENANTS} people had signed up.
 * @returns those who are signed in, with the tokens of their sessions.
 */
export async function seedPeople(ownerUrl: string): Promise<Person[]> {
  const sql = postgres(ownerUrl, { max: 1, onnotice: () => undefined });
  try {
    await sql`insert into instances (id, name, lifecycle, public_url, capacity, places_used, desired_revision)
      select gen_random_uuid(), 'host' || n, 'active', 'https://host' || n || '.example.com', 1000, ${TENANTS / INSTANCES}, 100
      from generate_series(1, ${INSTANCES}::int) n`;
    await sql`insert into instance_reports (instance_id, connection, last_seen_at, applied_revision, health)
      select id, 'connected', now(), 100, 'healthy' from instances`;
    await sql`insert into users (id, email, name)
      select gen_random_uuid(), 'person' || n || '@example.com', 'Person ' || n from generate_series(1, ${TENANTS}::int) n`;
    await sql`
      with hosts as (select id, row_number() over () - 1 as n from instances),
        people as (select id, row_number() over () as n from users)
      insert into tenants (id, slug, org_id, name, status, instance_id, created_by, placed_at, namespace_begun_at, namespace_ready_at, activated_at)
      select t, 'lab' || p.n, t, 'Homelab ' || p.n, 'active', h.id, p.id, now(), now(), now(), now()
      from people p join hosts h on h.n = p.n % ${INSTANCES}::int cross join lateral (select gen_random_uuid() as t where p.n > 0) as made`;
    await sql`insert into memberships (tenant_id, user_id, role) select id, created_by, 'owner' from tenants`;
    const owners = await sql<{ userId: string; tenantId: string; slug: string }[]>`
      select created_by as "userId", id as "tenantId", slug from tenants order by id limit ${SIGNED_IN}`;
    const people = owners.map((owner) => ({ ...owner, token: randomBytes(32).toString("base64url") }));
    const rows = people.map(({ userId, token }) => ({
      id: createHash("sha256").update(token).digest("hex"),
      user_id: userId,
      audience: "cloud",
      expires_at: new Date(Date.now() + 30 * 86_400_000),
    }));
    await sql`insert into sessions ${sql(rows)}`;
    await sql`vacuum analyze`;
    return people;
  } finally {
    await sql.end();
  }
}
