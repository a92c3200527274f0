/** The data encryption key under load, through crashes and concurrent writers. */
import { randomBytes, randomUUID } from "node:crypto";
import type { UserId } from "@kombify/db";
import { afterAll, beforeAll, expect, it } from "vitest";
import { queueMail } from "../mail/queue-mail.ts";
import { createSealer } from "../seal.ts";
import { callAs, createTestPlane, joinHost, signInStaff, signUpPerson, type TestPlane } from "../testing.ts";
import { createEncryptionKeyRotation } from "./encryption-key.ts";
import { runRotation } from "./run-rotation.ts";
import { purposeOf, SEALED_COLUMNS } from "./sealed-columns.ts";
import { startRotation } from "./service.ts";
import { readRotation } from "./views.ts";

const key = randomBytes(32).toString("base64");
const kinds = [createEncryptionKeyRotation({ settleMs: 1_000, graceMs: 2_000 })];
let plane: TestPlane;
const ctx = () => plane.admin.asSystem("test");

beforeAll(async () => {
  plane = await createTestPlane({ encryptionKey: key });
});
afterAll(() => plane.close());

/** Runs a rotation to its end, as the queue would. */
async function rotate(): Promise<string> {
  const { id } = await startRotation(ctx(), { kind: "encryption-key" }, kinds);
  await finish(id);
  return id;
}
async function finish(id: string): Promise<void> {
  for (;;) {
    await runRotation(ctx(), { id }, kinds);
    const rotation = await readRotation(ctx(), id, kinds);
    if (rotation?.error) throw new Error(rotation.error);
    if (rotation?.finishedAt) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Every sealed text that there is, with its purpose. */
async function everyText(): Promise<{ purpose: string; sealed: string }[]> {
  const texts = [];
  for (const column of SEALED_COLUMNS) {
    const rows = await plane.database.owner.unsafe<{ sealed: string }[]>(
      `select ${column.column} as sealed from ${column.table} where ${column.column} <> ''`,
    );
    texts.push(...rows.map(({ sealed }) => ({ purpose: purposeOf(column), sealed })));
  }
  return texts;
}
const mail = (text: string) =>
  ctx().db.transaction((tx) => queueMail(tx, plane.cloud.can, { recipient: "a@example.com", subject: "s", text }));

it("every column of the database that holds sealed texts is among those that are sealed anew", async () => {
  const columns = await plane.database.owner<{ name: string }[]>`
    select table_name || '.' || column_name as name from information_schema.columns
    where table_schema = 'public' and column_name like 'sealed%' and table_name <> 'encryption_keys' order by 1`;
  expect(SEALED_COLUMNS.map(purposeOf).sort()).toEqual(columns.map(({ name }) => name));
});

it("a load of requests that seal and open runs through the exchange without one failure, and the old key is gone", async () => {
  const staff = await signInStaff(plane);
  await joinHost(plane, staff, "seal-host");
  const person = await signUpPerson(plane, "sealed");
  // As from before there was a ring.
  await plane.database.owner`insert into second_factors (user_id, sealed_secret)
    values (${person.id}, ${await createSealer(key).seal("second_factors.sealed_secret", "totp")})`;
  for (let n = 0; n < 250; n++) await mail(`body ${n}`);
  await plane.database.owner`update mails set sealed_body = '' where id in (select id from mails limit 3)`;
  const others = await Promise.all([plane.openCloud(), plane.openCloud()]);
  const before = await plane.database.owner`select id from encryption_keys`;

  let isOver = false;
  let served = 0;
  const failures: unknown[] = [];
  const load = others.map(async (process) => {
    while (!isOver) {
      try {
        const setCookie = await process.can.sessions.start(person.id as UserId, {
          clientAddress: "127.0.0.1",
          userAgent: "load",
          provider: { issuer: "https://idp.example", sid: randomUUID(), idToken: `id token ${served}` },
        });
        const cookie = setCookie.split(";")[0] ?? "";
        await callAs(process, { cookie }).api.identity.me();
        const [row] = await plane.database.owner<{ sealed: string }[]>`
          select sealed_id_token as sealed from sessions where sealed_id_token is not null order by random() limit 1`;
        const opened = await process.can.sealer.open("sessions.sealed_id_token", row?.sealed ?? "");
        if (!opened.startsWith("id token")) throw new Error(`opened to ${opened}`);
        served++;
      } catch (error) {
        failures.push(error);
      }
      // The machine is shared: enough requests are under way at any moment without taking all of it.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  await rotate();
  isOver = true;
  await Promise.all(load);
  expect(failures).toEqual([]);
  expect(served).toBeGreaterThan(50);

  const keys = await plane.database.owner`select id from encryption_keys`;
  expect(keys).toHaveLength(1);
  expect(keys[0]?.id).not.toBe(before[0]?.id);
  const texts = await everyText();
  expect(texts.length).toBeGreaterThan(250);
  for (const { purpose, sealed } of texts) {
    expect(sealed).toContain(`v2.${keys[0]?.id}.`);
    await plane.cloud.can.sealer.open(purpose, sealed);
  }
  expect(await plane.database.owner`select from mails where sealed_body = ''`).toHaveLength(3);
  await Promise.all(others.map((process) => process.close()));
}, 90_000);

it("a crash in the middle of sealing anew leaves texts of two keys, all of which open, and the next worker ends it", async () => {
  const { id } = await startRotation(ctx(), { kind: "encryption-key" }, kinds);
  const inner = ctx();
  let sealedAnew = 0;
  // The process dies in the middle of a batch: nothing after it is written down.
  const dying = {
    ...inner,
    can: {
      ...inner.can,
      keyring: {
        ...inner.can.keyring,
        seal: async (purpose: string, secret: string) => {
          if (++sealedAnew > 210) throw new Error("killed");
          return inner.can.keyring.seal(purpose, secret);
        },
      },
    },
  };
  for (let isDead = false; !isDead; ) {
    await runRotation(dying, { id }, kinds);
    isDead = (await readRotation(ctx(), id, kinds))?.error === "killed";
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const ids = new Set((await everyText()).map(({ sealed }) => sealed.split(".")[1]));
  expect(ids.size).toBe(2);
  for (const { purpose, sealed } of await everyText()) await plane.cloud.can.sealer.open(purpose, sealed);
  await finish(id);
  expect(new Set((await everyText()).map(({ sealed }) => sealed.split(".")[1])).size).toBe(1);
});

it("what somebody writes while it is sealed anew is not overwritten with what was there before", async () => {
  const { id } = await startRotation(ctx(), { kind: "encryption-key" }, kinds);
  const inner = ctx();
  let isWritten = false;
  const racing = {
    ...inner,
    can: {
      ...inner.can,
      keyring: {
        ...inner.can.keyring,
        open: async (purpose: string, sealed: string) => {
          const secret = await inner.can.keyring.open(purpose, sealed);
          if (purpose === "second_factors.sealed_secret" && !isWritten) {
            isWritten = true;
            const newer = await plane.cloud.can.sealer.seal(purpose, "newer secret");
            await plane.database.owner`update second_factors set sealed_secret = ${newer}`;
          }
          return secret;
        },
      },
    },
  };
  for (let isOver = false; !isOver; await new Promise((resolve) => setTimeout(resolve, 20))) {
    await runRotation(racing, { id }, kinds);
    isOver = (await readRotation(ctx(), id, kinds))?.finishedAt !== null;
  }
  expect(isWritten).toBe(true);
  const [row] = await plane.database.owner`select sealed_secret as sealed from second_factors`;
  expect(await plane.cloud.can.sealer.open("second_factors.sealed_secret", row?.sealed)).toBe("newer secret");
});

it("a text that no key opens stops the exchange before a key is retired, and is named", async () => {
  await plane.database.owner`update second_factors set sealed_secret = 'v2.0000000000000000.AAAA.AAAA.AAAA'`;
  const keysBefore = await plane.database.owner`select id from encryption_keys`;
  await expect(rotate()).rejects.toThrow("1 texts in second_factors.sealed_secret cannot be opened");
  const keys = await plane.database.owner`select id, retired_at from encryption_keys`;
  expect(keys.map((one) => one.id)).toContain(keysBefore[0]?.id);
  expect(keys.every((one) => one.retired_at === null)).toBe(true);
});
