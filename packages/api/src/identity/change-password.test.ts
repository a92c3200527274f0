import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { MAIL_BODY_PURPOSE } from "../mail/queue-mail.ts";
import { callAs, cookieOf, createTestPlane, type Person, signUpPerson, type TestPlane } from "../testing.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await createTestPlane();
});
afterAll(() => plane.close());

const password = "correct horse battery";
const next = "another horse battery";

const signIn = async ({ email }: Person, secret = password) => {
  const { api, responseHeaders } = callAs(plane.cloud);
  await api.identity.login({ email, password: secret });
  return cookieOf(responseHeaders);
};
const mailsTo = async (email: string) => {
  const rows = await plane.database
    .owner`select subject, sealed_body from mails where recipient = ${email} order by created_at`;
  return Promise.all(
    rows.map(async (row) => ({
      subject: row.subject as string,
      text: await plane.cloud.can.sealer.open(MAIL_BODY_PURPOSE, row.sealed_body),
    })),
  );
};

it("a changed password signs everybody else out, gives this browser another token, and says so by mail", async () => {
  const ann = await signUpPerson(plane, "ann");
  const elsewhere = await signIn(ann);
  const { api, responseHeaders } = callAs(plane.cloud, { cookie: ann.cookie });
  const [before] = (await api.identity.sessions()).items;
  await api.identity.changePassword({ current: password, next });
  const cookie = cookieOf(responseHeaders);
  expect(cookie).toMatch(/^kombify_cloud=[\w-]{43}$/);
  expect(cookie).not.toBe(ann.cookie);
  for (const dead of [elsewhere, ann.cookie])
    await expect(callAs(plane.cloud, { cookie: dead }).api.identity.me()).rejects.toMatchObject({ status: 401 });
  const { items } = await callAs(plane.cloud, { cookie }).api.identity.sessions();
  // The same session by its public name, so that what was launched from it still ends with it.
  expect(items).toMatchObject([{ id: before!.id, isThisOne: true }]);
  await expect(signIn(ann)).rejects.toMatchObject({ status: 401 });
  await signIn(ann, next);
  expect((await mailsTo(ann.email)).map(({ subject }) => subject)).toEqual(["Your password was changed"]);
});

it("a wrong current password is refused beside its field and changes nothing", async () => {
  const bob = await signUpPerson(plane, "bob");
  for (const current of ["wrong password", undefined])
    await expect(bob.api.identity.changePassword({ current, next })).rejects.toMatchObject({
      code: "FORBIDDEN",
      status: 403,
      fields: [{ path: "current" }],
    });
  await signIn(bob);
});

it("guessing the current password with a stolen session is slowed down", async () => {
  const cat = await signUpPerson(plane, "cat");
  const guess = (current: string) => cat.api.identity.changePassword({ current, next });
  for (let n = 0; n < 20; n++) await expect(guess("wrong password")).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(guess(password)).rejects.toMatchObject({ code: "LIMIT_REACHED" });
});

it("of many changes at the same time one is made", async () => {
  const dan = await signUpPerson(plane, "dan");
  const attempts = Array.from({ length: 8 }, (_, n) =>
    dan.api.identity.changePassword({ current: password, next: `${next} ${n}` }),
  );
  const results = await Promise.allSettled(attempts);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

it("somebody who came from a provider sets a password shortly after signing in and not later", async () => {
  const eva = await signUpPerson(plane, "eva");
  await plane.database.owner`update users set password_hash = null where id = ${eva.id}`;
  await plane.database.owner`update sessions set created_at = now() - interval '16 minutes' where user_id = ${eva.id}`;
  await expect(eva.api.identity.changePassword({ next })).rejects.toMatchObject({ code: "PRECONDITION" });
  await plane.database.owner`update sessions set created_at = now() - interval '14 minutes' where user_id = ${eva.id}`;
  await eva.api.identity.changePassword({ next });
  await signIn(eva, next);
});

it("a sign-in with the old password that races the change leaves no session behind", async () => {
  const fay = await signUpPerson(plane, "fay");
  const owner = plane.database.owner;
  await owner`delete from sessions where user_id = ${fay.id}`;
  let late: Promise<unknown> = Promise.resolve();
  // The change as it is made, held open until the sign-in has found the old password right and waits.
  await owner.begin(async (tx) => {
    await tx`select from users where id = ${fay.id} for update`;
    await tx`update users set password_hash = (select password_hash from users where email <> ${fay.email}
      and password_hash is not null limit 1) where id = ${fay.id}`;
    late = signIn(fay).catch((error: unknown) => error);
    await vi.waitUntil(
      async () =>
        (
          await owner`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
            and query like '%sessions%'`
        ).length > 0,
      { timeout: 5_000, interval: 20 },
    );
  });
  expect(await late).toMatchObject({ status: 401 });
  expect(await owner`select from sessions where user_id = ${fay.id}`).toHaveLength(0);
});
