/** The ring of data keys: what opens, for whom, and after which exchange. */
import { randomBytes } from "node:crypto";
import { createTestDatabase, type TestDatabase } from "@kombify/db/testing";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { openKeyring } from "./keyring.ts";
import { createSealer } from "./seal.ts";

const newKey = () => randomBytes(32).toString("base64");
let database: TestDatabase;
const key = newKey();
const open = (options: Partial<Parameters<typeof openKeyring>[1]> = {}) =>
  openKeyring(database.db, { key, ...options });
const addKey = (ring: Awaited<ReturnType<typeof open>>) =>
  database.db.as({ kind: "system" }).transaction((tx) => ring.addKey(tx));

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.owner`delete from encryption_keys`);
afterAll(() => database.drop());

it("processes that start at once make one first key and open each other's texts", async () => {
  const rings = await Promise.all([open(), open(), open()]);
  const sealed = await Promise.all(rings.map((ring) => ring.seal("a.b", "secret")));
  for (const ring of rings) for (const text of sealed) expect(await ring.open("a.b", text)).toBe("secret");
  const [count] = await database.owner`select count(*)::int as count from encryption_keys`;
  expect(count?.count).toBe(1);
});

it("texts from before there was a ring open, and nothing opens for another purpose", async () => {
  const ring = await open();
  expect(await ring.open("a.b", await createSealer(key).seal("a.b", "old"))).toBe("old");
  const sealed = await ring.seal("a.b", "new");
  expect(sealed).toMatch(/^v2\.[0-9a-f]{16}\./);
  await expect(ring.open("a.c", sealed)).rejects.toThrow();
  const other = await addKey(ring);
  await expect(ring.open("a.b", sealed.replace(/^v2\.[0-9a-f]+/, `v2.${other}`))).rejects.toThrow();
  await expect(ring.open("a.b", sealed.replace(/^v2\.[0-9a-f]+/, "v2.0000000000000000"))).rejects.toThrow(
    "not in the ring",
  );
});

it("a text of a key that this process has not heard of makes it read the ring, and it opens", async () => {
  const [writer, reader] = [await open({ maxAgeMs: 0 }), await open({ maxAgeMs: 3_600_000 })];
  const id = await addKey(writer);
  const sealed = await writer.seal("a.b", "secret");
  expect(sealed).toContain(id);
  expect(await reader.open("a.b", sealed)).toBe("secret");
  // From then on it seals with it as well.
  expect(await reader.seal("a.b", "more")).toContain(id);
});

it("a process that hears nothing seals with the newest key when its ring has grown old", async () => {
  const ring = await open({ maxAgeMs: 0 });
  const id = await addKey(ring);
  expect(await ring.seal("a.b", "secret")).toContain(id);
});

it("the environment's key is exchanged while processes with the old one go on, and needs the old one no longer", async () => {
  const before = await open();
  const sealed = await before.seal("a.b", "secret");
  const nextKey = newKey();
  await expect(open({ key: nextKey })).rejects.toThrow("KOMBIFY_ENCRYPTION_KEY_PREVIOUS");
  const during = await open({ key: nextKey, previousKey: key });
  expect(await during.open("a.b", sealed)).toBe("secret");
  expect(await during.open("a.b", await createSealer(key).seal("a.b", "older"))).toBe("older");
  // One that has not been restarted yet has the ring in its memory.
  expect(await before.open("a.b", await during.seal("a.b", "meanwhile"))).toBe("meanwhile");
  expect(await during.open("a.b", await before.seal("a.b", "meanwhile"))).toBe("meanwhile");
  const after = await open({ key: nextKey });
  expect(await after.open("a.b", sealed)).toBe("secret");
});

it("while the environment is changed process by process, any may start again, and the last one leaves only the new key", async () => {
  const nextKey = newKey();
  const sealed = await (await open()).seal("a.b", "secret");
  const announced = { key, previousKey: nextKey };
  const exchanged = { key: nextKey, previousKey: key };
  for (const environment of [announced, exchanged, announced, exchanged]) {
    const ring = await open(environment);
    expect(await ring.open("a.b", sealed)).toBe("secret");
    await ring.seal("a.b", "more");
  }
  expect(await (await open({ key: nextKey })).open("a.b", sealed)).toBe("secret");
  await expect(open()).rejects.toThrow("sealed with another key");
});

it("a process with an outdated environment refuses to seal rather than to use a key that will be deleted", async () => {
  const outdated = await open({ maxAgeMs: 0 });
  const nextKey = newKey();
  const current = await open({ key: nextKey, previousKey: key });
  await addKey(current);
  await expect(outdated.seal("a.b", "secret")).rejects.toThrow("KOMBIFY_ENCRYPTION_KEY");
});
