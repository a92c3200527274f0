import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId, type TenantId, type UserId } from "./schema/ids.ts";
import * as schema from "./schema/index.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";

let test: TestDatabase;
const people = { ann: newId() as UserId, bob: newId() as UserId };
const homelabs = { ann: newId() as TenantId, bob: newId() as TenantId };

beforeAll(async () => {
  test = await createTestDatabase();
  await test.db.as({ kind: "system" }).transaction(async (tx) => {
    for (const who of ["ann", "bob"] as const) {
      await tx.insert(schema.users).values({ id: people[who], email: `${who}@example.com`, name: who });
      await tx.insert(schema.tenants).values({
        id: homelabs[who],
        slug: `${who}lab`,
        orgId: homelabs[who],
        name: who,
        status: "waiting_for_capacity",
        createdBy: people[who],
      });
      await tx.insert(schema.memberships).values({ tenantId: homelabs[who], userId: people[who], role: "owner" });
      await tx.insert(schema.auditEvents).values({
        actorKind: "user",
        actorName: who,
        action: "tenants.create",
        targetKind: "tenant",
        targetId: homelabs[who],
        tenantId: homelabs[who],
        summary: "made",
      });
    }
    const tool = { id: newId(), name: "dozzle", displayName: "Dozzle", layer: "L2", maturity: "supported" } as const;
    await tx.insert(schema.tools).values(tool);
    await tx
      .insert(schema.flags)
      .values({ key: "dark-mode", state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" });
    const origin = { source: "old", collection: "tools", legacyId: "abc", targetId: tool.id };
    await tx.insert(schema.imports).values({ ...origin, digest: "0".repeat(64), runId: newId() });
  });
});
afterAll(() => test.drop());

const asAnn = () => test.db.as({ kind: "tenant", tenantId: homelabs.ann, userId: people.ann });

describe("the second wall", () => {
  it.each(["tenants", "memberships", "audit_events"] as const)(
    "a query on %s without a condition sees one tenant's rows only",
    async (table) => {
      const rows = await asAnn().transaction((tx) => tx.execute(sql.raw(`select * from ${table}`)));
      expect(rows).toHaveLength(1);
      expect(JSON.stringify(rows)).not.toContain(homelabs.bob);
    },
  );

  it("a read in one flush runs under the same scope as a transaction", async () => {
    const rows = await asAnn().read<{ id: string; role: string }>(
      (sql) => sql`select id, current_user::text as role from tenants`,
    );
    expect(rows).toEqual([{ id: homelabs.ann, role: "kombify_tenant" }]);
  });

  it("people of other tenants cannot be seen, and no password hash at all", async () => {
    const rows = await asAnn().read((sql) => sql`select id from users`);
    expect(rows).toEqual([{ id: people.ann }]);
    await expect(asAnn().read((sql) => sql`select password_hash from users`)).rejects.toMatchObject({ code: "42501" });
  });

  it("writing into another tenant is refused by the database", async () => {
    const changed = await asAnn().transaction((tx) =>
      tx.execute(sql`update tenants set name = 'x' where slug = 'boblab' returning id`),
    );
    expect(changed).toHaveLength(0);
    await expect(
      asAnn().transaction((tx) =>
        tx.insert(schema.auditEvents).values({
          actorKind: "user",
          actorName: "ann",
          action: "x.y",
          targetKind: "t",
          targetId: "t",
          tenantId: homelabs.bob,
          summary: "s",
        }),
      ),
    ).rejects.toMatchObject({ code: "42501" });
  });

  it("an empty tenant setting matches nothing", async () => {
    const nobody = test.db.as({ kind: "tenant", tenantId: "" as TenantId, userId: people.ann });
    expect(await nobody.read((sql) => sql`select id from tenants`)).toEqual([]);
  });

  it("a scope does not outlive its transaction: the connection has no rights of its own", async () => {
    const { default: postgres } = await import("postgres");
    const bare = postgres(test.urls.web, { max: 1 });
    await bare.begin(async (tx) => {
      await tx`select set_config('role', 'kombify_system', true)`;
      expect(await tx`select id from tenants`).toHaveLength(2);
    });
    await expect(bare`select id from public.tenants`).rejects.toMatchObject({ code: "42501" });
    await bare.end();
  });

  it("the trail cannot be rewritten, not even by the system", async () => {
    const system = test.db.as({ kind: "system" });
    await expect(system.transaction((tx) => tx.execute(sql`delete from audit_events`))).rejects.toMatchObject({
      code: "42501",
    });
    await expect(
      system.transaction((tx) => tx.execute(sql`update audit_events set summary = ''`)),
    ).rejects.toMatchObject({ code: "42501" });
  });

  it("an instance sees the tenants that are placed on it, and no others", async () => {
    const [instance] =
      await test.owner`insert into instances (id, name, capacity) values (${newId()}, 'one', 10) returning id`;
    await test.owner`update tenants set instance_id = ${instance!.id} where id = ${homelabs.bob}`;
    const rows = await test.db
      .as({ kind: "agent", instanceId: instance!.id })
      .read((sql) => sql`select id from tenants`);
    expect(rows).toEqual([{ id: homelabs.bob }]);
  });

  it.each(["tools", "flags", "imports"] as const)(
    "%s are for staff and the system: tenants, people signing in and agents have no way to them",
    async (table) => {
      const select = sql.raw(`select * from ${table}`);
      for (const scope of [
        asAnn(),
        test.db.as({ kind: "identity", userId: people.ann }),
        test.db.as({ kind: "agent", instanceId: newId() }),
      ])
        await expect(scope.transaction((tx) => tx.execute(select))).rejects.toMatchObject({ code: "42501" });
      const staff = test.db.as({ kind: "staff", userId: people.bob });
      expect(await staff.transaction((tx) => tx.execute(select))).toHaveLength(1);
      const nobody = test.db.as({ kind: "staff", userId: "" as UserId });
      expect(await nobody.transaction((tx) => tx.execute(select))).toHaveLength(0);
    },
  );

  it("where an imported row came from cannot be forgotten, not even by the system", async () => {
    const system = test.db.as({ kind: "system" });
    await expect(system.transaction((tx) => tx.execute(sql`delete from imports`))).rejects.toMatchObject({
      code: "42501",
    });
  });

  it("a flag whose default is none of its variants is refused, whoever writes it", async () => {
    const flag = { key: "x", state: "ENABLED" as const, variants: { on: true }, defaultVariant: "off" };
    const system = test.db.as({ kind: "system" });
    await expect(system.transaction((tx) => tx.insert(schema.flags).values(flag))).rejects.toMatchObject({
      code: "23514",
    });
  });

  it("every table has row-level security that binds its owner too", async () => {
    const rows = await test.owner`
      select relname from pg_class join pg_namespace n on n.oid = relnamespace
      where nspname = 'public' and relkind = 'r' and not (relrowsecurity and relforcerowsecurity)`;
    expect(rows).toEqual([]);
  });

  it("the roles that serve requests own nothing and bypass nothing", async () => {
    const rows = await test.owner`
      select rolname from pg_roles where rolname like 'kombify_%' and (rolsuper or rolbypassrls or rolcreaterole)`;
    expect(rows).toEqual([]);
  });
});
