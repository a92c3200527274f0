import { createHash, randomBytes } from "node:crypto";
import { v7 as uuid } from "uuid";
import { expect, test } from "vitest";
import { desiredTenant } from "../../../test/control-plane-double.ts";
import { onEveryEngine } from "../../../test/engines.ts";
import { newSession } from "../../../test/records.ts";

const newHash = () => createHash("sha256").update(randomBytes(16)).digest("hex");

onEveryEngine("shared collections", (tested) => {
  const shared = () => tested.engine.shared;
  const addTenant = async (changes: Parameters<typeof desiredTenant>[0] = {}) => {
    const tenant = desiredTenant(changes);
    await shared().saveTenant(tenant, "ready");
    return tenant;
  };
  test("the document, its revision and the last contact are what was stored last", async () => {
    expect(await shared().loadApplied()).toEqual({ document: null, appliedRevision: 0, contactedAt: null });
    const document = {
      schemaVersion: 1 as const,
      instanceId: uuid(),
      revision: 7,
      generatedAt: new Date().toISOString(),
      portalOrigin: "http://localhost:3000",
      assertionKeys: [],
      tenants: [desiredTenant({ orgId: `it's "an" org \\ ü` })],
      tombstones: [],
    };
    const contactedAt = new Date();
    await shared().saveDocument(document);
    await shared().saveAppliedRevision(7);
    await shared().saveContact(contactedAt);
    expect(await shared().loadApplied()).toEqual({ document, appliedRevision: 7, contactedAt });
  });

  test("a tenant is found by id, by slug and by its organisation, and no other way", async () => {
    const orgId = `org ' " \\ % _ || true -- ${uuid()}`;
    const tenant = await addTenant({ orgId, name: `Ada's "lab" \\` });
    const row = { id: tenant.tenantId, slug: tenant.slug, orgId, name: tenant.name, state: "ready", error: null };
    expect(await shared().findTenant(tenant.tenantId)).toMatchObject(row);
    expect(await shared().findTenant(tenant.slug)).toMatchObject(row);
    expect(await shared().findTenantOfOrg(orgId, tenant.tenantId)).toMatchObject(row);
    expect(await shared().findTenantOfOrg("another", tenant.tenantId)).toBeNull();
    for (const nobody of ["", "x", '" || slug != "', "' or true --", uuid()])
      expect(await shared().findTenant(nobody), nobody).toBeNull();
  });

  test("saving a tenant again renews everything but its slug; a former organisation no longer finds it", async () => {
    const tenant = await addTenant();
    const next = { ...tenant, orgId: `org ${uuid()}`, name: "Renamed", plan: "pro" as const, generation: 2 };
    await shared().setTenantState(tenant.tenantId, "failed", "it's broken");
    expect(await shared().findTenant(tenant.slug)).toMatchObject({ state: "failed", error: "it's broken" });
    await shared().saveTenant(next, "suspended");
    await shared().saveTenant(next, "suspended");
    expect(await shared().findTenantOfOrg(tenant.orgId, tenant.tenantId)).toBeNull();
    expect(await shared().findTenantOfOrg(next.orgId, tenant.tenantId)).toMatchObject({
      name: "Renamed",
      plan: "pro",
      generation: 2,
      state: "suspended",
      error: null,
    });
  });

  test("tenants are listed once each, in the order of their slugs", async () => {
    await addTenant();
    const slugs = (await shared().listTenants()).map(({ slug }) => slug);
    expect(slugs.length).toBeGreaterThan(1);
    expect(slugs).toEqual([...new Set(slugs)].sort());
  });

  test("an assertion is consumed by exactly one of many", async () => {
    const hash = newHash();
    const expiresAt = new Date(Date.now() + 60_000);
    const won = await Promise.all(Array.from({ length: 20 }, () => shared().consumeAssertion(hash, expiresAt)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await shared().findSession(hash, "session")).toBeNull();
  });

  test("a ticket is redeemed by exactly one of many", async () => {
    const { tenantId } = await addTenant();
    const ticket = newSession(tenantId, { kind: "ticket" });
    await shared().createSessions([ticket]);
    const redeemed = await Promise.all(Array.from({ length: 20 }, () => shared().redeemTicket(ticket.idHash)));
    expect(redeemed.filter((session) => session !== null)).toMatchObject([
      { session: ticket, tenant: { id: tenantId } },
    ]);
  });

  test("a session lives until it expires, ends, or its tenant is suspended or moved on; it outlives a quarantine", async () => {
    const tenant = await addTenant();
    const [live, expired, ended, token] = [
      newSession(tenant.tenantId),
      newSession(tenant.tenantId, { expiresAt: new Date(Date.now() - 1) }),
      newSession(tenant.tenantId),
      newSession(tenant.tenantId, { kind: "token" }),
    ];
    await shared().createSessions([live, expired, ended, token]);
    await shared().endSession(ended.idHash);
    await shared().endSession(ended.idHash);
    expect(await shared().findSession(live.idHash, "session")).toMatchObject({ session: live });
    expect(await shared().findSession(live.idHash, "token")).toBeNull();
    expect(await shared().findSession(token.idHash, "token")).toMatchObject({ session: token });
    expect(await shared().findSession(expired.idHash, "session")).toBeNull();
    expect(await shared().findSession(ended.idHash, "session")).toBeNull();

    await shared().setTenantState(tenant.tenantId, "quarantined", "it does not fit");
    expect(await shared().findSession(live.idHash, "session")).toMatchObject({
      tenant: { state: "quarantined", error: "it does not fit" },
    });
    await shared().setTenantState(tenant.tenantId, "suspended", null);
    expect(await shared().findSession(live.idHash, "session")).toBeNull();
    await shared().saveTenant({ ...tenant, generation: 2 }, "ready");
    expect(await shared().findSession(live.idHash, "session")).toBeNull();
  });

  test("a person's new details reach all their sessions and nobody else's", async () => {
    const { tenantId } = await addTenant();
    const userId = uuid();
    const [first, second, other] = [
      newSession(tenantId, { userId }),
      newSession(tenantId, { userId }),
      newSession(tenantId),
    ];
    await shared().createSessions([first, second, other]);
    await shared().updatePerson(tenantId, userId, { email: "new@example.com", name: "N", role: "viewer" });
    for (const { idHash } of [first, second])
      expect((await shared().findSession(idHash, "session"))?.session).toMatchObject({ name: "N", role: "viewer" });
    expect((await shared().findSession(other.idHash, "session"))?.session).toEqual(other);
  });

  test("ending a person's sessions ends those that were launched up to then from that session of the portal, and no others", async () => {
    const { tenantId } = await addTenant();
    const elsewhere = (await addTenant()).tenantId;
    const [sid, otherSid] = [uuid(), uuid()];
    const before = new Date("2026-06-01T12:00:00.000Z");
    const [later, subject] = [new Date(before.getTime() + 1000), `it's "me" ${uuid()}`];
    const of = (tenant: string, changes: object) => newSession(tenant, { subject, issuedAt: before, sid, ...changes });
    const rows = {
      meant: of(tenantId, {}),
      ticket: of(tenantId, { kind: "ticket" }),
      unnamed: of(tenantId, { sid: null }),
      later: of(tenantId, { issuedAt: later }),
      otherSession: of(tenantId, { sid: otherSid }),
      otherPerson: of(tenantId, { subject: "somebody" }),
      otherTenant: of(elsewhere, {}),
    };
    await shared().createSessions(Object.values(rows));
    const left = async () => {
      const found: string[] = [];
      for await (const page of shared().listSessions()) found.push(...page.map(({ idHash }) => idHash));
      return Object.entries(rows).flatMap(([name, { idHash }]) => (found.includes(idHash) ? [name] : []));
    };
    await shared().endSessionsOf({ tenantId, subject, sid, before });
    expect(await left()).toEqual(["later", "otherSession", "otherPerson", "otherTenant"]);
    await shared().endSessionsOf({ tenantId, subject, sid: null, before });
    expect(await left()).toEqual(["later", "otherPerson", "otherTenant"]);
    await shared().endSessionsOf({ tenantId, subject, sid: null, before: later });
    expect(await left()).toEqual(["otherPerson", "otherTenant"]);
  });

  test("flags are kept as they were sent, and each tenant's are replaced and removed alone", async () => {
    const [one, two] = [await addTenant(), await addTenant()];
    const flagsOf = (tenantId: string, current: string | null) => ({
      tenantId,
      current,
      previous: null,
      older: '{"a":{"enabled":true}}',
    });
    // As a text: in this order, with what jsonb has no place for, and longer than other texts may be.
    const [d1, d2, d3] = [newHash(), newHash(), newHash()];
    const long = JSON.stringify({ z: "\u0000 ' \\ \" ü 🏠", a: "x".repeat(300_000) });
    await shared().saveFlags({
      contents: new Map([
        [d1, long],
        [d2, "{}"],
      ]),
      tenants: [flagsOf(one.tenantId, '{"revision":1}'), flagsOf(two.tenantId, null)],
      unused: [],
    });
    const stored = await shared().loadFlags();
    expect(stored.contents.get(d1)).toBe(long);
    expect(stored.tenants).toEqual(
      [flagsOf(one.tenantId, '{"revision":1}'), flagsOf(two.tenantId, null)].sort((a, b) =>
        a.tenantId < b.tenantId ? -1 : 1,
      ),
    );

    const next = { tenantId: one.tenantId, current: '{"revision":2}', previous: '{"revision":1}', older: null };
    await shared().saveFlags({ contents: new Map([[d3, "[]"]]), tenants: [next], unused: [d2, newHash()] });
    const renewed = await shared().loadFlags();
    expect([...renewed.contents.keys()].sort()).toEqual([d1, d3].sort());
    expect(renewed.tenants).toContainEqual(next);
    expect(renewed.tenants).toContainEqual(flagsOf(two.tenantId, null));

    await shared().removeFlags(one.tenantId);
    await shared().removeFlags(one.tenantId);
    expect((await shared().loadFlags()).tenants.map(({ tenantId }) => tenantId)).toEqual([two.tenantId]);
    await tested.engine.dropNamespace(two.slug);
    expect((await shared().loadFlags()).tenants, "a tenant that is gone has no flags").toEqual([]);
  });

  test("flags are saved whole or not at all", async () => {
    const tenant = await addTenant();
    const digest = newHash();
    const flags = { tenantId: tenant.tenantId, current: '{"revision":1}', previous: null, older: null };
    await shared().saveFlags({ contents: new Map([[digest, "{}"]]), tenants: [flags], unused: [] });
    // The second tenant's id is none that the engine takes.
    const impossible = { ...flags, tenantId: tested.kind === "postgres" ? "\u0000" : "no id", current: "{}" };
    const saving = shared().saveFlags({
      contents: new Map(),
      tenants: [{ ...flags, current: '{"revision":2}' }, impossible],
      unused: [digest],
    });
    await expect(saving).rejects.toThrow();
    const stored = await shared().loadFlags();
    expect(stored.tenants).toContainEqual(flags);
    expect(stored.contents.has(digest)).toBe(true);
  });

  test("ending a tenant's sessions ends no other's; expired ones are swept", async () => {
    const [one, two] = [await addTenant(), await addTenant()];
    const [mine, theirs] = [newSession(one.tenantId), newSession(two.tenantId)];
    await shared().createSessions([mine, theirs]);
    await shared().endSessionsOfTenant(one.tenantId);
    await shared().removeExpiredSessions();
    expect(await shared().findSession(mine.idHash, "session")).toBeNull();
    expect(await shared().findSession(theirs.idHash, "session")).toMatchObject({ session: theirs });
  });
});
