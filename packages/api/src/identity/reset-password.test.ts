import { afterAll, beforeAll, expect, it } from "vitest";
import { MAIL_BODY_PURPOSE } from "../mail/queue-mail.ts";
import {
  callAs,
  cookieOf,
  createTestPlane,
  type Person,
  signInStaff,
  signUpPerson,
  type TestPlane,
} from "../testing.ts";
import { DEFAULT_LIMITS } from "../throttle.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await createTestPlane();
});
afterAll(() => plane.close());

const password = "correct horse battery";
const next = "another horse battery";
const somebody = () => callAs(plane.cloud).api.identity;
const DEAD = { code: "PRECONDITION", status: 409 };

/** The tokens of the links that were mailed to an address, oldest first. */
async function tokensOf(email: string): Promise<string[]> {
  const rows = await plane.database.owner`select sealed_body from mails where recipient = ${email} order by created_at`;
  const texts = await Promise.all(rows.map((row) => plane.cloud.can.sealer.open(MAIL_BODY_PURPOSE, row.sealed_body)));
  return texts.flatMap((text) => /\/reset\/([\w-]{43})\n/.exec(text)?.[1] ?? []);
}
async function askFor(person: { email: string }): Promise<string> {
  await somebody().requestReset({ email: person.email });
  return (await tokensOf(person.email)).at(-1) ?? "";
}
const signIn = async ({ email }: Pick<Person, "email">, secret: string) => {
  const { api, responseHeaders } = callAs(plane.cloud);
  await api.identity.login({ email, password: secret });
  return cookieOf(responseHeaders);
};

it("the link of the mail sets the password, once, and signs nobody in", async () => {
  const ann = await signUpPerson(plane, "ann");
  const token = await askFor({ email: ann.email.toUpperCase() }).then(async () => (await tokensOf(ann.email))[0]!);
  const { api, responseHeaders } = callAs(plane.cloud);
  await api.identity.resetPassword({ token, password: next });
  expect(responseHeaders.getSetCookie()).toEqual([]);
  await signIn(ann, next);
  await expect(signIn(ann, password)).rejects.toMatchObject({ status: 401 });
  await expect(somebody().resetPassword({ token, password })).rejects.toMatchObject(DEAD);
});

it("every session of both portals ends with it, what is open on Stacks, and every half sign-in", async () => {
  const staff = await signInStaff(plane);
  const [{ id }] = (await plane.database.owner`select id from users where email = ${staff.email}`) as unknown as [
    { id: string },
  ];
  await plane.database.owner`insert into sign_in_challenges (token_hash, user_id, audience, expires_at)
    values ('x', ${id}, 'admin', now() + interval '5 minutes')`;
  await staff.api.identity.staffMe();
  const token = await askFor(staff);
  await somebody().resetPassword({ token, password: next });
  await expect
    .poll(() => staff.api.identity.staffMe().catch((error: { status: number }) => error.status), { timeout: 2_000 })
    .toBe(401);
  expect(await plane.database.owner`select from sign_in_challenges where user_id = ${id}`).toHaveLength(0);

  const bob = await signUpPerson(plane, "bob");
  const elsewhere = await signIn(bob, password);
  await somebody().resetPassword({ token: await askFor(bob), password: next });
  for (const cookie of [bob.cookie, elsewhere])
    await expect(callAs(plane.cloud, { cookie }).api.identity.me()).rejects.toMatchObject({ status: 401 });
  expect(await plane.database.owner`select session_id from session_endings where user_id = ${bob.id}`).toEqual([
    { session_id: null },
  ]);
});

it("of twenty uses of one link at the same time one sets the password", async () => {
  const cat = await signUpPerson(plane, "cat");
  const token = await askFor(cat);
  const uses = Array.from({ length: 20 }, (_, n) => somebody().resetPassword({ token, password: `${next} ${n}` }));
  const results = await Promise.allSettled(uses);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const winner = results.findIndex(({ status }) => status === "fulfilled");
  await signIn(cat, `${next} ${winner}`);
});

it("a newer link is the only one that lives, also when several are asked for at the same time", async () => {
  const dan = await signUpPerson(plane, "dan");
  const older = await askFor(dan);
  await Promise.all(Array.from({ length: 5 }, () => somebody().requestReset({ email: dan.email })));
  expect(await plane.database.owner`select from password_resets where user_id = ${dan.id}`).toHaveLength(1);
  await expect(somebody().resetPassword({ token: older, password: next })).rejects.toMatchObject(DEAD);
  const attempts = await Promise.allSettled(
    (await tokensOf(dan.email)).map((token) => somebody().resetPassword({ token, password: next })),
  );
  expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

it("a link that is an hour old, one that was made up and one of a changed password are worth nothing", async () => {
  const eva = await signUpPerson(plane, "eva");
  const token = await askFor(eva);
  await plane.database
    .owner`update password_resets set expires_at = now() - interval '1 second' where user_id = ${eva.id}`;
  await expect(somebody().resetPassword({ token, password: next })).rejects.toMatchObject(DEAD);
  await expect(somebody().resetPassword({ token: "made-up", password: next })).rejects.toMatchObject(DEAD);
  const another = await askFor(eva);
  await eva.api.identity.changePassword({ current: password, next });
  await expect(somebody().resetPassword({ token: another, password })).rejects.toMatchObject(DEAD);
});

it("no table holds the token of a link in plain text", async () => {
  const fay = await signUpPerson(plane, "fay");
  const token = await askFor(fay);
  const dump = JSON.stringify(
    await plane.database
      .owner`select (select json_agg(r) from password_resets r) as a, (select json_agg(m) from mails m) as b,
      (select json_agg(e) from audit_events e) as c`,
  );
  expect(token).toHaveLength(43);
  expect(dump).not.toContain(token);
});

it("an account without a password gets a mail without a link", async () => {
  const gus = await signUpPerson(plane, "gus");
  await plane.database.owner`update users set password_hash = null where id = ${gus.id}`;
  await somebody().requestReset({ email: gus.email });
  expect(await plane.database.owner`select subject from mails where recipient = ${gus.email}`).toEqual([
    { subject: "You sign in without a password" },
  ]);
  expect(await tokensOf(gus.email)).toEqual([]);
  expect(await plane.database.owner`select from password_resets where user_id = ${gus.id}`).toHaveLength(0);
});

it("asking for a known and for an unknown address gives the same answer after about the same time, and one mail", async () => {
  const hal = await signUpPerson(plane, "hal");
  const askTimed = async (email: string) => {
    const begin = performance.now();
    const answer = await somebody().requestReset({ email });
    return { ms: performance.now() - begin, answer };
  };
  await askTimed(hal.email);
  const [known, unknown]: [number[], number[]] = [[], []];
  for (let round = 0; round < 25; round++) {
    const [a, b] = [await askTimed(hal.email), await askTimed(`nobody${round}@example.com`)];
    expect(a.answer).toEqual(b.answer);
    known.push(a.ms);
    unknown.push(b.ms);
  }
  const median = (values: number[]) => values.sort((x, y) => x - y)[values.length >> 1] ?? 0;
  expect(median(unknown) / median(known)).toBeGreaterThan(0.5);
  expect(median(unknown) / median(known)).toBeLessThan(2);
  expect(await plane.database.owner`select from mails where recipient like 'nobody%'`).toHaveLength(0);
  expect(await plane.database.owner`select from graphile_worker.jobs where task_identifier = 'send-mail'`).toHaveLength(
    Number((await plane.database.owner`select count(*) as n from mails`)[0]?.n),
  );
});

it("asking is slowed down by address and by account, with the same words for a known and an unknown one", async () => {
  const strict = await createTestPlane({ limits: { ...DEFAULT_LIMITS, reset: { points: 3, seconds: 60 } } });
  const ian = await signUpPerson(strict, "ian");
  const ask = (email: string, clientAddress: string) =>
    callAs(strict.cloud, {}, { clientAddress }).api.identity.requestReset({ email });
  for (const [email, prefix] of [
    [ian.email, "192.0.2."],
    ["nobody@example.com", "198.51.100."],
  ] as const) {
    for (let n = 0; n < 3; n++) await ask(email, prefix + n);
    await expect(ask(email, `${prefix}9`)).rejects.toMatchObject({ code: "LIMIT_REACHED" });
  }
  for (let n = 0; n < 3; n++) await ask(`other${n}@example.com`, "203.0.113.1");
  await expect(ask("other9@example.com", "203.0.113.1")).rejects.toMatchObject({ code: "LIMIT_REACHED" });
  await strict.close();
});
