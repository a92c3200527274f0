import { v7 as uuid } from "uuid";
import { beforeEach, expect, test } from "vitest";
import { desiredTenant } from "../../../test/control-plane-double.ts";
import { onEveryEngine } from "../../../test/engines.ts";
import { newUser } from "../../../test/records.ts";
import type { NamespaceStore } from "../engine.ts";
import { digestOf } from "../transfer.ts";

onEveryEngine("people and tokens", (tested) => {
  let store: NamespaceStore;
  beforeEach(async () => {
    store = await tested.newStore();
  });
  const addUser = async (changes: Parameters<typeof newUser>[0] = {}) => {
    const [user] = await store.write([{ kind: "create", collection: "users", record: newUser(changes) }]);
    return user;
  };

  test("people are known by issuer and subject: nobody is there twice, and two may share an address", async () => {
    const ada = await addUser();
    await expect(addUser({ issuer: ada.issuer, subject: ada.subject })).rejects.toMatchObject({
      code: "CONFLICT",
      message: "There is such a record already.",
    });
    const other = await addUser({ subject: ada.subject, issuer: "https://id.example", email: ada.email });
    const third = await addUser({ email: ada.email.toUpperCase() });
    expect(await store.find("users", { issuer: ada.issuer, subject: ada.subject })).toEqual(ada);
    expect(await store.find("users", { issuer: "https://id.example", subject: ada.subject })).toEqual(other);
    expect(await store.get("users", third.id)).toEqual(third);
  });

  test("many who arrive first at the same moment make one person", async () => {
    const record = newUser();
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => addUser({ ...record, id: uuid() })));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const { items } = await store.list("users", { limit: 10, sort: "id" });
    expect(items).toHaveLength(1);
  });

  test("a person without a name or an address is one too", async () => {
    const user = await addUser({ name: "", email: "" });
    expect(await store.get("users", user.id)).toEqual(user);
  });

  test("tokens are long, and each that is issued opens a session", async () => {
    const tenant = desiredTenant({ slug: store.tenant.slug, tenantId: store.tenant.id });
    await tested.engine.shared.saveTenant(tenant, "ready");
    const user = await addUser();
    const tokens = await Promise.all([60, 60, 90].map((ttl) => tested.engine.issueToken(store.tenant, user.id, ttl)));
    for (const token of tokens) {
      expect(token).toMatch(/^[A-Za-z0-9._-]{43,2000}$/);
      const { id: userId, email, name, role } = user;
      const idHash = digestOf(token);
      const expiresAt = new Date(Date.now() + 60_000);
      const session = {
        idHash,
        kind: "token",
        tenantId: tenant.tenantId,
        generation: 1,
        userId,
        email,
        name,
        role,
        subject: "1",
        sid: null,
        issuedAt: new Date(1_000),
        expiresAt,
      } as const;
      await tested.engine.shared.createSessions([session]);
      expect(await tested.engine.shared.findSession(idHash, "token")).toMatchObject({ session });
    }
  });
});
