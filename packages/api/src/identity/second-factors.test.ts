import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
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
import { hashRecoveryCode, newRecoveryCodes } from "./one-time-codes.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await createTestPlane();
});
afterAll(() => plane.close());

const password = "correct horse battery";
const STEP_MS = 30_000;

/** The code that an app with this secret shows so many steps from now. */
const codeOf = (secret: string, steps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * STEP_MS });
/** Codes change every 30 s; a test that looks back a step must not stand at the edge of one. */
const awayFromTheEdge = () => vi.waitUntil(() => Date.now() % STEP_MS < 25_000, { timeout: 10_000, interval: 50 });
/** As if the last code had been taken long ago, so that a test need not wait for the next. */
const forgetLastStep = (id: string) =>
  plane.database.owner`update second_factors set last_step = 0 where user_id = ${id}`;

type Enrolled = Person & { secret: string; recoveryCodes: string[] };

async function enrol(name: string): Promise<Enrolled> {
  const person = await signUpPerson(plane, name);
  await person.api.identity.beginSecondFactor({ password });
  const { secret } = (await person.api.identity.enrolment())!;
  const { api, responseHeaders } = callAs(plane.cloud, { cookie: person.cookie });
  const { recoveryCodes } = await api.identity.enableSecondFactor({ code: codeOf(secret) });
  const cookie = cookieOf(responseHeaders);
  await forgetLastStep(person.id);
  return { ...person, secret, recoveryCodes, cookie, api: callAs(plane.cloud, { cookie }).api };
}
/** Takes the first step; the cookie is that of the challenge. */
async function firstStep({ email }: { email: string }, portal = plane.cloud): Promise<string> {
  const { api, responseHeaders } = callAs(portal);
  const answer = await (portal === plane.admin ? api.identity.staffLogin : api.identity.login)({ email, password });
  expect(answer).toEqual({ secondFactor: { expiresAt: expect.any(Date) } });
  return cookieOf(responseHeaders);
}
async function secondStep(cookie: string, code: string): Promise<string> {
  const { api, responseHeaders } = callAs(plane.cloud, { cookie });
  await api.identity.confirmSecondFactor({ code });
  return cookieOf(responseHeaders);
}
const sessionsOf = async (id: string) =>
  Number((await plane.database.owner`select count(*) as n from sessions where user_id = ${id}`)[0]?.n);
const WRONG = { code: "FORBIDDEN", status: 401, fields: [{ path: "code" }] };
const ENDED = { code: "PRECONDITION" };

describe("turning it on", () => {
  it("takes the password, a first code, gives ten recovery codes and another token for the session, and says so by mail", async () => {
    const ann = await signUpPerson(plane, "ann");
    await expect(ann.api.identity.beginSecondFactor({ password: "wrong password" })).rejects.toMatchObject({
      fields: [{ path: "password" }],
    });
    await ann.api.identity.beginSecondFactor({ password });
    const enrolment = (await ann.api.identity.enrolment())!;
    expect(enrolment.uri).toMatch(
      /^otpauth:\/\/totp\/kombify:ann.*secret=[A-Z2-7]{32}&algorithm=SHA1&digits=6&period=30/,
    );
    expect(enrolment.qrSvg).toMatch(/^<svg /);
    const code = codeOf(enrolment.secret);
    const wrong = code === "000000" ? "000001" : "000000";
    await expect(ann.api.identity.enableSecondFactor({ code: wrong })).rejects.toMatchObject({ status: 403 });
    expect(await ann.api.identity.secondFactor()).toMatchObject({ isOn: false });
    const { api, responseHeaders } = callAs(plane.cloud, { cookie: ann.cookie });
    const { recoveryCodes } = await api.identity.enableSecondFactor({ code: codeOf(enrolment.secret) });
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const one of recoveryCodes) expect(one).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/);
    await expect(ann.api.identity.me()).rejects.toMatchObject({ status: 401 });
    const now = callAs(plane.cloud, { cookie: cookieOf(responseHeaders) }).api;
    expect(await now.identity.secondFactor()).toMatchObject({ isOn: true, recoveryCodesLeft: 10 });
    expect(await now.identity.enrolment()).toBeNull();
    await expect(now.identity.beginSecondFactor({ password })).rejects.toMatchObject({ code: "CONFLICT" });
    const [mail] = await plane.database.owner`select subject, sealed_body from mails where recipient = ${ann.email}`;
    expect(mail?.subject).toBe("Two-step sign-in is on");
    const body = await plane.cloud.can.sealer.open(MAIL_BODY_PURPOSE, mail?.sealed_body);
    expect(body).not.toContain(enrolment.secret);
  });

  it("until the first code nothing is asked for at signing in, and after half an hour it begins anew", async () => {
    const bob = await signUpPerson(plane, "bob");
    await bob.api.identity.beginSecondFactor({ password });
    const { secret } = (await bob.api.identity.enrolment())!;
    expect(await callAs(plane.cloud).api.identity.login({ email: bob.email, password })).toHaveProperty("user");
    await plane.database
      .owner`update second_factors set created_at = now() - interval '31 minutes' where user_id = ${bob.id}`;
    expect(await bob.api.identity.enrolment()).toBeNull();
    await expect(bob.api.identity.enableSecondFactor({ code: codeOf(secret) })).rejects.toMatchObject(ENDED);
  });

  it("neither the secret nor a recovery code is in a table in plain text", async () => {
    const { secret, recoveryCodes } = await enrol("plain");
    const dump = JSON.stringify(
      await plane.database
        .owner`select (select json_agg(f) from second_factors f) as f, (select json_agg(r) from recovery_codes r) as r`,
    );
    expect(dump).not.toContain(secret);
    for (const code of recoveryCodes) expect(dump).not.toContain(code);
  });

  it("somebody who comes from a provider alone is told that the provider's factors count", async () => {
    const cat = await signUpPerson(plane, "cat");
    await plane.database.owner`update users set password_hash = null where id = ${cat.id}`;
    await expect(cat.api.identity.beginSecondFactor({ password })).rejects.toMatchObject(ENDED);
  });
});

describe("signing in with it", () => {
  it("the password alone opens nothing; the code starts a session, and the challenge is gone", async () => {
    const dan = await enrol("dan");
    const { api, responseHeaders } = callAs(plane.cloud);
    await api.identity.login({ email: dan.email, password });
    const cookies = responseHeaders.getSetCookie();
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatch(/^kombify_cloud_challenge=[\w-]{43};.*HttpOnly.*SameSite=Lax/);
    const challenge = cookieOf(responseHeaders);
    const token = challenge.split("=")[1];
    await expect(
      callAs(plane.cloud, { cookie: `${challenge}; kombify_cloud=${token}` }).api.identity.me(),
    ).rejects.toMatchObject({ status: 401 });
    const session = await secondStep(challenge, codeOf(dan.secret));
    expect((await callAs(plane.cloud, { cookie: session }).api.identity.me()).user.email).toBe(dan.email);
    await forgetLastStep(dan.id);
    await expect(secondStep(challenge, codeOf(dan.secret))).rejects.toMatchObject(ENDED);
  });

  it("a wrong password says the same as for everybody, and a code without a challenge is worth nothing", async () => {
    const eva = await enrol("eva");
    const messageOf = (email: string) =>
      callAs(plane.cloud)
        .api.identity.login({ email, password: "wrong password" })
        .catch((error: Error) => error.message);
    expect(await messageOf(eva.email)).toBe(await messageOf("nobody@example.com"));
    await expect(secondStep("", codeOf(eva.secret))).rejects.toMatchObject(ENDED);
    await expect(secondStep("kombify_cloud_challenge=forged", codeOf(eva.secret))).rejects.toMatchObject(ENDED);
  });

  it("of a hundred confirmations of one challenge at the same time one starts a session", async () => {
    const fay = await enrol("fay");
    const before = await sessionsOf(fay.id);
    const challenge = await firstStep(fay);
    const code = codeOf(fay.secret);
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => secondStep(challenge, code)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await sessionsOf(fay.id)).toBe(before + 1);
  }, 30_000);

  it("a code is taken once: another challenge does not take it again, nor one before it", async () => {
    await awayFromTheEdge();
    const gus = await enrol("gus");
    const code = codeOf(gus.secret);
    await secondStep(await firstStep(gus), code);
    await expect(secondStep(await firstStep(gus), code)).rejects.toMatchObject(WRONG);
    await expect(secondStep(await firstStep(gus), codeOf(gus.secret, -1))).rejects.toMatchObject(WRONG);
    await secondStep(await firstStep(gus), codeOf(gus.secret, 1));
  });

  it("of twenty challenges with one code at the same time one is answered", async () => {
    const hal = await enrol("hal");
    const challenges: string[] = [];
    for (let n = 0; n < 20; n++) challenges.push(await firstStep(hal));
    const code = codeOf(hal.secret);
    const results = await Promise.allSettled(challenges.map((challenge) => secondStep(challenge, code)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  }, 30_000);

  it("a phone whose clock is half a minute off signs in; one that is a minute off does not", async () => {
    await awayFromTheEdge();
    const ian = await enrol("ian");
    for (const steps of [-1, 1]) {
      await secondStep(await firstStep(ian), codeOf(ian.secret, steps));
      await forgetLastStep(ian.id);
    }
    for (const steps of [-2, 2])
      await expect(secondStep(await firstStep(ian), codeOf(ian.secret, steps))).rejects.toMatchObject(WRONG);
  });

  it("five wrong codes end the challenge, the right code after them too, and the person hears of it", async () => {
    const jan = await enrol("jan");
    const challenge = await firstStep(jan);
    for (let n = 0; n < 4; n++) await expect(secondStep(challenge, "no-such-code")).rejects.toMatchObject(WRONG);
    await expect(secondStep(challenge, "no-such-code")).rejects.toMatchObject(ENDED);
    await expect(secondStep(challenge, codeOf(jan.secret))).rejects.toMatchObject(ENDED);
    const mails = await plane.database.owner`select subject from mails where recipient = ${jan.email}`;
    expect(mails.map(({ subject }) => subject)).toContain("A sign-in was stopped");
  });

  it("wrong codes at the same time are all counted", async () => {
    const kim = await enrol("kim");
    const challenge = await firstStep(kim);
    await Promise.allSettled(Array.from({ length: 30 }, () => secondStep(challenge, "no-such-code")));
    expect(await plane.database.owner`select failures from sign_in_challenges where user_id = ${kim.id}`).toEqual([
      { failures: 5 },
    ]);
  });

  it("codes are slowed down by account, however many challenges a known password buys", async () => {
    const strict = await createTestPlane({
      limits: { ...DEFAULT_LIMITS, "second-factor": { points: 6, seconds: 60 } },
    });
    const lea = await signUpPerson(strict, "lea");
    await strict.database.owner`insert into second_factors (user_id, sealed_secret, confirmed_at)
      values (${lea.id}, ${await strict.cloud.can.sealer.seal("second_factors.sealed_secret", "A".repeat(32))}, now())`;
    const attempt = async () => {
      const { api, responseHeaders } = callAs(strict.cloud);
      await api.identity.login({ email: lea.email, password });
      return callAs(strict.cloud, { cookie: cookieOf(responseHeaders) }).api.identity.confirmSecondFactor({
        code: "no",
      });
    };
    for (let n = 0; n < 6; n++) await expect(attempt()).rejects.toMatchObject(WRONG);
    await expect(attempt()).rejects.toMatchObject({ code: "LIMIT_REACHED" });
    await strict.close();
  });

  it("a challenge of five minutes ago, of the other portal, and of before a password reset is worth nothing", async () => {
    const mia = await enrol("mia");
    const old = await firstStep(mia);
    await plane.database
      .owner`update sign_in_challenges set expires_at = now() - interval '1 second' where user_id = ${mia.id}`;
    await expect(secondStep(old, codeOf(mia.secret))).rejects.toMatchObject(ENDED);
    const ofCloud = await firstStep(mia);
    // The old one was swept away by the new one.
    expect(await plane.database.owner`select from sign_in_challenges where user_id = ${mia.id}`).toHaveLength(1);
    const inAdmin = callAs(plane.admin, {
      cookie: ofCloud.replace("kombify_cloud_challenge", "kombify_admin_challenge"),
    });
    await expect(inAdmin.api.identity.staffConfirmSecondFactor({ code: codeOf(mia.secret) })).rejects.toMatchObject(
      ENDED,
    );
    await mia.api.identity.changePassword({ current: password, next: "another horse battery" });
    await expect(secondStep(ofCloud, codeOf(mia.secret))).rejects.toMatchObject(ENDED);
  });

  it("a reset password is a first step and no more", async () => {
    const nat = await enrol("nat");
    await callAs(plane.cloud).api.identity.requestReset({ email: nat.email });
    const [mail] = await plane.database.owner`
      select sealed_body from mails where recipient = ${nat.email} order by created_at desc limit 1`;
    const text = await plane.cloud.can.sealer.open(MAIL_BODY_PURPOSE, mail?.sealed_body);
    const token = /\/reset\/([\w-]+)/.exec(text)?.[1] ?? "";
    await callAs(plane.cloud).api.identity.resetPassword({ token, password });
    expect(await sessionsOf(nat.id)).toBe(0);
    await secondStep(await firstStep(nat), codeOf(nat.secret));
  });

  it("signing up again with the right password does not go around it", async () => {
    const ole = await enrol("ole");
    const { api, responseHeaders } = callAs(plane.cloud, { "idempotency-key": "again" });
    await expect(api.identity.register({ email: ole.email, password })).rejects.toMatchObject({ code: "CONFLICT" });
    expect(responseHeaders.getSetCookie()).toEqual([]);
  });
});

describe("recovery codes", () => {
  it("each signs in once, however it is typed, and its use is told by mail", async () => {
    const pam = await enrol("pam");
    const [first = "", second = ""] = pam.recoveryCodes;
    await secondStep(await firstStep(pam), first);
    await expect(secondStep(await firstStep(pam), first)).rejects.toMatchObject(WRONG);
    await secondStep(await firstStep(pam), ` ${second.toUpperCase().replaceAll("-", " ")}`);
    expect(await pam.api.identity.secondFactor()).toMatchObject({ recoveryCodesLeft: 8 });
    const mails = await plane.database.owner`select subject from mails where recipient = ${pam.email}`;
    expect(mails.filter(({ subject }) => subject === "A recovery code was used")).toHaveLength(2);
  });

  it("of ten codes at the same time for one challenge one starts a session, and the others stay unused", async () => {
    const uma = await enrol("uma");
    const challenge = await firstStep(uma);
    const results = await Promise.allSettled(uma.recoveryCodes.map((code) => secondStep(challenge, code)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await sessionsOf(uma.id)).toBe(2);
    expect(await uma.api.identity.secondFactor()).toMatchObject({ recoveryCodesLeft: 9 });
  });

  it("of twenty uses of one code at the same time one signs in", async () => {
    const quin = await enrol("quin");
    const challenges: string[] = [];
    for (let n = 0; n < 20; n++) challenges.push(await firstStep(quin));
    const [code = ""] = quin.recoveryCodes;
    const results = await Promise.allSettled(challenges.map((challenge) => secondStep(challenge, code)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  }, 30_000);

  it("new ones are made for a code and end those before", async () => {
    const ron = await enrol("ron");
    await expect(ron.api.identity.renewRecoveryCodes({ code: "no" })).rejects.toMatchObject({ status: 403 });
    const { recoveryCodes } = await ron.api.identity.renewRecoveryCodes({ code: codeOf(ron.secret) });
    expect(recoveryCodes).toHaveLength(10);
    await expect(secondStep(await firstStep(ron), ron.recoveryCodes[0]!)).rejects.toMatchObject(WRONG);
    await secondStep(await firstStep(ron), recoveryCodes[0]!);
  });

  it("letters that look like digits are read as these", () => {
    expect(hashRecoveryCode("O0oI-l1i1")).toBe(hashRecoveryCode("00011111"));
    expect(newRecoveryCodes().join()).not.toMatch(/[ilou]/);
  });
});

describe("turning it off", () => {
  it("takes a code; afterwards the password signs in and nothing of it is kept", async () => {
    const sue = await enrol("sue");
    await expect(sue.api.identity.disableSecondFactor({ code: "000" })).rejects.toMatchObject({ status: 403 });
    const { api, responseHeaders } = callAs(plane.cloud, { cookie: sue.cookie });
    await api.identity.disableSecondFactor({ code: sue.recoveryCodes[3]! });
    expect(cookieOf(responseHeaders)).toMatch(/^kombify_cloud=/);
    expect(await callAs(plane.cloud).api.identity.login({ email: sue.email, password })).toHaveProperty("user");
    expect(await plane.database.owner`select from recovery_codes where user_id = ${sue.id}`).toHaveLength(0);
    const mails = await plane.database.owner`select subject from mails where recipient = ${sue.email}`;
    expect(mails.map(({ subject }) => subject)).toContain("Two-step sign-in is off");
  });
});

it("staff sign in to Admin in two steps; their audit lines are staff's", async () => {
  const staff = await signInStaff(plane);
  const [row] = await plane.database.owner`select id from users where email = ${staff.email}`;
  const id: string = row?.id;
  await plane.database
    .owner`update users set password_hash = (select password_hash from users where name = 'ann') where id = ${id}`;
  await staff.api.identity.beginSecondFactor({ password });
  const { secret } = (await staff.api.identity.enrolment())!;
  await staff.api.identity.enableSecondFactor({ code: codeOf(secret) });
  await forgetLastStep(id);
  const challenge = await firstStep(staff, plane.admin);
  expect(challenge).toMatch(/^kombify_admin_challenge=/);
  const { api, responseHeaders } = callAs(plane.admin, { cookie: challenge });
  await expect(api.identity.staffMe()).rejects.toMatchObject({ status: 401 });
  await api.identity.staffConfirmSecondFactor({ code: codeOf(secret) });
  const signedIn = callAs(plane.admin, { cookie: cookieOf(responseHeaders) });
  expect((await signedIn.api.identity.staffMe()).staff.email).toBe(staff.email);
  const trail = await plane.database.owner`select actor_kind from audit_events
    where target_id = ${id} and action in ('identity.enableSecondFactor', 'identity.staffLogin')`;
  expect(trail.length).toBeGreaterThan(1);
  expect(new Set(trail.map(({ actor_kind }) => actor_kind))).toEqual(new Set(["staff"]));
});

it("somebody who is no longer staff does not get past the second step", async () => {
  const tom = await enrol("tom");
  await plane.database.owner`update users set staff_role = 'viewer' where id = ${tom.id}`;
  const challenge = await firstStep(tom, plane.admin);
  await plane.database.owner`update users set staff_role = null where id = ${tom.id}`;
  const { api } = callAs(plane.admin, { cookie: challenge });
  await expect(api.identity.staffConfirmSecondFactor({ code: codeOf(tom.secret) })).rejects.toMatchObject(ENDED);
});
