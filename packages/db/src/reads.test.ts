import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "./database.ts";
import { newId, type TenantId, type UserId } from "./schema/ids.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";

let test: TestDatabase;
const homelabs = Array.from({ length: 8 }, () => newId() as TenantId);
const anybody = newId() as UserId;

beforeAll(async () => {
  test = await createTestDatabase();
  for (const [index, id] of homelabs.entries())
    await test.owner`insert into tenants (id, slug, org_id, name, status) values (${id}, ${`lab${index}`}, ${id}, 'Lab', 'active')`;
});
afterAll(() => test.drop());

const asTenant = (tenantId: TenantId, db = test.db) => db.as({ kind: "tenant", tenantId, userId: anybody });
const readOwn = async (tenantId: TenantId, db = test.db) => {
  const rows = await asTenant(tenantId, db).read<{ id: string }>((sql) => sql`select id from tenants`);
  return rows.map(({ id }) => id);
};

describe("a read in one flush", () => {
  it("sees its own tenant, however many others read over the same connections at the same time", async () => {
    const asked = Array.from({ length: 400 }, (_, index) => homelabs[index % homelabs.length]!);
    const answers = await Promise.all(asked.map((id) => readOwn(id)));
    expect(answers).toEqual(asked.map((id) => [id]));
  });

  it("that PostgreSQL refuses leaves the connection clean for the next one", async () => {
    const db = openDatabase({ url: test.urls.web, maxConnections: 1 });
    const refused = Array.from({ length: 5 }, () =>
      asTenant(homelabs[0]!, db).read((sql) => sql`select password_hash from users`),
    );
    const answers = await Promise.allSettled([...refused, readOwn(homelabs[1]!, db)]);
    for (const answer of answers.slice(0, 5)) expect(answer).toMatchObject({ reason: { code: "42501" } });
    expect(answers[5]).toMatchObject({ value: [homelabs[1]] });
    await db.close();
  });

  it("cannot write", async () => {
    const system = test.db.as({ kind: "system" });
    await expect(system.read((sql) => sql`update tenants set name = 'x'`)).rejects.toMatchObject({ code: "25006" });
  });

  it("whose query cannot be made leaves no transaction open", async () => {
    const db = openDatabase({ url: test.urls.web, maxConnections: 1 });
    const broken = asTenant(homelabs[0]!, db).read(() => {
      throw new RangeError("no such column");
    });
    await expect(broken).rejects.toThrow(RangeError);
    expect(await readOwn(homelabs[1]!, db)).toEqual([homelabs[1]]);
    await db.close();
  });

  // postgres.js 3.4.9 waited for ever, and so did everybody who got the connection afterwards. Our patch rejects the one.
  it("with a value that cannot be sent is refused alone", async () => {
    const db = openDatabase({ url: test.urls.web, maxConnections: 1 });
    const readSince = (since: Date) =>
      asTenant(homelabs[0]!, db).read((sql) => sql`select id from tenants where created_at > ${since}`);
    expect(await readSince(new Date(0))).toHaveLength(1);
    await expect(readSince(new Date(Number.NaN))).rejects.toThrow(/Invalid time value/);
    expect(await readSince(new Date(0))).toHaveLength(1);
    await db.close();
  });

  // postgres.js 3.4.9 took a lost connection back as an open one and ended the process. Our patch knows the difference.
  it("whose connection is lost is refused, and the next ones find another", async () => {
    const db = openDatabase({ url: test.urls.web, maxConnections: 1 });
    const asleep = asTenant(homelabs[0]!, db).read((sql) => sql`select pg_sleep(60), 'the read that is cut' as mark`);
    const refused = expect(asleep).rejects.toThrow(/terminating connection|CONNECTION_CLOSED/);
    await expect
      .poll(
        () => test.owner`select pg_terminate_backend(pid) from pg_stat_activity
        where query like '%the read that is cut%' and pid <> pg_backend_pid()`,
      )
      .toHaveLength(1);
    await refused;
    expect(await readOwn(homelabs[1]!, db)).toEqual([homelabs[1]]);
    await db.close();
  });

  it("on a database that was closed is refused, and closing waits for reads under way and no longer", async () => {
    const db = openDatabase({ url: test.urls.web, maxConnections: 1 });
    const underWay = asTenant(homelabs[0]!, db).read((sql) => sql`select pg_sleep(0.2)`);
    await expect
      .poll(
        () =>
          test.owner`select from pg_stat_activity where query like '%pg_sleep(0.2)%' and state = 'active' and pid <> pg_backend_pid()`,
      )
      .toHaveLength(1);
    const beganAt = performance.now();
    await db.close();
    expect(performance.now() - beganAt).toBeLessThan(3_000);
    expect(await underWay).toHaveLength(1);
    await expect(readOwn(homelabs[0]!, db)).rejects.toMatchObject({ code: "CONNECTION_ENDED" });
  });
});
