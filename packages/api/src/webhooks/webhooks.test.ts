/** Events of Zitadel over HTTP: whose they are, that they are kept, and what they end. */
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { createShell } from "@kombify/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestInfoOf } from "../agent-api.ts";
import { createEncryptionKeyRotation } from "../rotations/encryption-key.ts";
import { runRotation } from "../rotations/run-rotation.ts";
import { readRotation } from "../rotations/views.ts";
import { createWebhookSecretsRotation } from "../rotations/webhook-secrets.ts";
import {
  callAs,
  createTestPlane,
  joinHost,
  type Person,
  signInStaff,
  signUpPerson,
  type TestAgent,
  type TestPlane,
  testLog,
} from "../testing.ts";
import { processEvent } from "./process-event.ts";

const ISSUER = "https://zitadel.example.com";
const FIRST = randomBytes(24).toString("hex");
const NEXT = randomBytes(24).toString("hex");
const PATH = "/api/webhooks/zitadel";

let plane: TestPlane;
let staff: Awaited<ReturnType<typeof signInStaff>>;
let host: TestAgent;
let fetchCloud: (init: RequestInit) => Promise<Response>;
const ctx = () => plane.admin.asSystem("test");

beforeAll(async () => {
  plane = await createTestPlane({
    oidcProviders: [
      { id: "zitadel", name: "Zitadel", issuer: ISSUER, clientId: "c", projectId: "p", audiences: [] },
      { id: "other", name: "Other", issuer: "https://other.example.com", clientId: "c", audiences: [] },
    ],
  });
  staff = await signInStaff(plane);
  host = await joinHost(plane, staff, "webhook-host");
  const shell = createShell({ name: "t", version: "0", log: testLog, checks: {}, exposeMetrics: false });
  shell.app.all("*", async (c) => (await plane.cloud.handle(c.req.raw, requestInfoOf(c))) ?? c.notFound());
  fetchCloud = async (init) => shell.app.fetch(new Request(`http://localhost:3000${PATH}`, init), {});
  await staff.api.webhooks.addSecret({ provider: "zitadel", secret: FIRST });
});
afterAll(() => plane.close());

let sequence = 100;
const eventOf = (more: Record<string, unknown> = {}) => ({
  aggregateID: randomUUID(),
  aggregateType: "user",
  resourceOwner: "org-1",
  instanceID: "instance-1",
  version: "v2",
  sequence: ++sequence,
  event_type: "user.deactivated",
  created_at: new Date().toISOString(),
  userID: "somebody",
  ...more,
});
const now = () => Math.floor(Date.now() / 1000);
const mac = (secret: string, time: number | string, body: string) =>
  createHmac("sha256", secret).update(`${time}.${body}`).digest("hex");
const signatureOf = (body: string, secret = FIRST, time: number | string = now()) =>
  `t=${time},v1=${mac(secret, time, body)}`;
const send = (body: string, signature: string | null = signatureOf(body), type = "application/json") =>
  fetchCloud({
    method: "POST",
    body,
    headers: {
      "content-type": type,
      "content-length": String(Buffer.byteLength(body)),
      ...(signature === null ? {} : { "zitadel-signature": signature }),
    },
  });
const sendEvent = (more: Record<string, unknown> = {}, secret = FIRST) => {
  const body = JSON.stringify(eventOf(more));
  return send(body, signatureOf(body, secret));
};
const stored = async () => {
  const [row] = await plane.database.owner`select count(*)::int as count from webhook_events`;
  return row?.count as number;
};
/** Acts on everything that waits, as the worker does. */
async function work() {
  const rows = await plane.database.owner<{ id: string }[]>`
    select id from webhook_events where processed_at is null order by received_at`;
  for (const { id } of rows) await processEvent(ctx(), { id });
}
/** A person who came from the identity provider, with a session there and here. */
async function linkedPerson(name: string, orgId = "org-1"): Promise<Person & { subject: string }> {
  const person = await signUpPerson(plane, name);
  const subject = `sub-${randomUUID()}`;
  await plane.database.owner`insert into oidc_identities (issuer, subject, user_id, org_id)
    values (${ISSUER}, ${subject}, ${person.id}, ${orgId})`;
  return { ...person, subject };
}
const isSignedIn = (person: Person) =>
  callAs(plane.cloud, { cookie: person.cookie })
    .api.identity.me()
    .then(
      () => true,
      () => false,
    );
const until = async (read: () => Promise<unknown>): Promise<void> => {
  for (let tries = 0; !(await read()); tries++) {
    if (tries > 200) throw new Error("It did not happen.");
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};

describe("who may send an event", () => {
  const body = JSON.stringify(eventOf());
  const refused: [string, () => Promise<Response>][] = [
    ["no signature", () => send(body, null)],
    ["an empty signature", () => send(body, "")],
    ["a wrong secret", () => send(body, signatureOf(body, NEXT))],
    ["a time that is too old", () => send(body, signatureOf(body, FIRST, now() - 301))],
    ["a time that is too far ahead", () => send(body, signatureOf(body, FIRST, now() + 302))],
    ["a time that is not the signed one", () => send(body, `t=${now() - 1},v1=${mac(FIRST, now(), body)}`)],
    ["two times", () => send(body, `t=${now()},${signatureOf(body)}`)],
    ["a time that is no number", () => send(body, signatureOf(body, FIRST, "1e9"))],
    ["a body that was changed by whitespace", () => send(`${body}\n`, signatureOf(body))],
    [
      "a body that was changed by key order",
      () => send(JSON.stringify({ b: 1, ...JSON.parse(body) }), signatureOf(body)),
    ],
    ["a signature that is not hexadecimal", () => send(body, `t=${now()},v1=${"z".repeat(64)}`)],
    ["a signature that is cut off", () => send(body, signatureOf(body).slice(0, -2))],
    ["another scheme", () => send(body, signatureOf(body).replace("v1=", "v0="))],
    ["a great many signatures", () => send(body, `${signatureOf(body)}${`,v1=${"0".repeat(64)}`.repeat(200)}`)],
  ];
  it.each(refused)("%s is refused with 401 and stores nothing", async (_name, attempt) => {
    const before = await stored();
    const response = await attempt();
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: "FORBIDDEN" });
    expect(await stored()).toBe(before);
  });

  it("one good signature among others is enough, and its clock may be off by less than five minutes", async () => {
    const [old, ahead] = [JSON.stringify(eventOf()), JSON.stringify(eventOf())];
    const time = now() - 290;
    const header = `t=${time},v1=${"0".repeat(64)}, v1=${mac(NEXT, time, old)},v1=${mac(FIRST, time, old)}`;
    expect((await send(old, header)).status).toBe(200);
    expect((await send(ahead, signatureOf(ahead, FIRST, now() + 290))).status).toBe(200);
  });

  it("a replay inside of the window answers 200 and changes nothing", async () => {
    const event = JSON.stringify(eventOf());
    const signature = signatureOf(event);
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(event, signature)));
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as { isNew: boolean }[];
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(bodies.filter(({ isNew }) => isNew)).toHaveLength(1);
  });

  it("a signed body that is no event is refused with 400; too much is 413; other methods are 405", async () => {
    for (const text of ["", "{", "[]", JSON.stringify({ ...eventOf(), sequence: -1 })])
      expect((await send(text)).status).toBe(400);
    expect((await send("x".repeat(1024 * 1024 + 1))).status).toBe(413);
    expect((await fetchCloud({ method: "GET" })).status).toBe(405);
  });

  it("the payload may be base64, an object or absent, the body may be declared as text, and no payload is kept", async () => {
    const secret = "$2a$14$hash-of-a-password";
    for (const event_payload of [
      Buffer.from(JSON.stringify({ secret })).toString("base64"),
      { secret },
      null,
      undefined,
    ]) {
      const body = JSON.stringify(eventOf({ event_type: "user.human.added", event_payload }));
      expect((await send(body, signatureOf(body), "text/plain")).status).toBe(200);
    }
    const [kept] = await plane.database.owner`select string_agg(payload::text, ' ') as text from webhook_events`;
    expect(kept?.text).not.toContain("hash-of-a-password");
    expect(kept?.text).not.toContain("event_payload");
  });
});

describe("what an event ends", () => {
  it.each(["user.deactivated", "user.locked", "user.removed"])(
    "%s ends sessions here, on Stacks and tokens",
    async (type) => {
      const person = await linkedPerson("cut");
      const bystander = await linkedPerson("stays", "org-2");
      expect(await isSignedIn(person)).toBe(true);
      const heard: string[] = [];
      const off = plane.cloud.can.changes.on(({ noun, id }) => void (noun === "denials" && heard.push(id)));
      expect((await sendEvent({ aggregateID: person.subject, event_type: type })).status).toBe(200);
      await work();
      await until(async () => !(await isSignedIn(person)) && heard.includes(ISSUER));
      off();
      expect(await isSignedIn(bystander)).toBe(true);
      const denials = await plane.database.owner`
      select kind, before, expires_at from token_denials where issuer = ${ISSUER} and value = ${person.subject}`;
      expect(denials).toEqual([{ kind: "sub", before: expect.any(Date), expires_at: expect.any(Date) }]);
      expect(denials[0]?.expires_at - Date.now()).toBeGreaterThan(23 * 3_600_000);
      const endings = await plane.database.owner`select session_id from session_endings where user_id = ${person.id}`;
      expect(endings).toEqual([{ session_id: null }]);
      const [audited] = await plane.database
        .owner`select summary from audit_events where target_id = ${person.id} and action = 'webhooks.cutOff'`;
      expect(audited?.summary).toContain(type);
    },
  );

  it.each(["org.deactivated", "org.removed"])(
    "%s cuts off everybody of that organisation and suspends no homelab",
    async (type) => {
      const org = `org-${randomUUID()}`;
      const [one, two, other] = [
        await linkedPerson("one", org),
        await linkedPerson("two", org),
        await linkedPerson("three"),
      ];
      await host.applyAll();
      await sendEvent({ aggregateType: "org", aggregateID: org, event_type: type });
      await work();
      await until(async () => !(await isSignedIn(one)) && !(await isSignedIn(two)));
      expect(await isSignedIn(other)).toBe(true);
      const [tenant] = await plane.database.owner`select status from tenants where id = ${one.tenant.id}`;
      expect(tenant?.status).toBe("active");
    },
  );

  it("personal access tokens end with an account that is closed, and not with one that is locked for a while", async () => {
    const person = await linkedPerson("tokens");
    await plane.database.owner`insert into api_tokens (id, user_id, name, secret_hash, prefix, scopes, expires_at)
      values (${randomUUID()}, ${person.id}, 't', ${randomUUID()}, 'kp', '{}', now() + interval '1 day')`;
    const isRevoked = async () =>
      (await plane.database.owner`select revoked_at from api_tokens where user_id = ${person.id}`)[0]?.revoked_at !==
      null;
    await sendEvent({ aggregateID: person.subject, event_type: "user.locked" });
    await work();
    expect(await isRevoked()).toBe(false);
    await sendEvent({ aggregateID: person.subject });
    await work();
    expect(await isRevoked()).toBe(true);
  });

  it("events of one account are acted on in the order of their sequence, whatever the order of arrival", async () => {
    const aggregateID = `sub-${randomUUID()}`;
    const [first, second, third] = [++sequence, ++sequence, ++sequence];
    await sendEvent({ aggregateID, sequence: second, event_type: "user.reactivated" });
    await sendEvent({ aggregateID, sequence: String(third), event_type: "user.locked" });
    await sendEvent({ aggregateID, sequence: first });
    const rows = await plane.database.owner`select id from webhook_events where payload->>'aggregateID' = ${aggregateID}
      and type = 'user.locked'`;
    await processEvent(ctx(), { id: rows[0]?.id });
    const done = await plane.database.owner`select payload->>'sequence' as sequence from webhook_events
      where payload->>'aggregateID' = ${aggregateID} order by processed_at`;
    expect(done.map((row) => Number(row.sequence))).toEqual([first, second, third]);
  });

  it("a deactivation that comes late, after the account was opened again, leaves what began since then", async () => {
    const person = await linkedPerson("late");
    const deactivation = ++sequence;
    const past = new Date(Date.now() - 3_600_000).toISOString();
    await sendEvent({ aggregateID: person.subject, event_type: "user.reactivated", created_at: past });
    await work();
    await sendEvent({ aggregateID: person.subject, sequence: deactivation, created_at: past });
    await work();
    expect(await isSignedIn(person)).toBe(true);
    const [denial] = await plane.database.owner`select before from token_denials where value = ${person.subject}`;
    expect(denial?.before.toISOString()).toBe(past);
  });

  it("an event of a type that nobody here knows is kept and ends nothing", async () => {
    const person = await linkedPerson("unknown");
    await sendEvent({ aggregateID: person.subject, event_type: "user.human.avatar.added" });
    await work();
    expect(await isSignedIn(person)).toBe(true);
    const page = await staff.api.webhooks.list({
      type: "user.human.avatar.added",
      state: "processed",
      provider: "zitadel",
    });
    expect(page.items).toMatchObject([{ aggregateId: person.subject, attempts: 1, error: null }]);
  });

  it("an event that failed is kept with why, is listed, and is done when it is asked for again", async () => {
    const person = await linkedPerson("fails");
    await sendEvent({ aggregateID: person.subject });
    const [row] = await plane.database
      .owner`select id from webhook_events where payload->>'aggregateID' = ${person.subject}`;
    const without = { ...ctx(), can: { ...ctx().can, oidcProviders: [] } };
    await expect(processEvent(without, { id: row?.id })).rejects.toThrow("projectId");
    const failed = await staff.api.webhooks.list({ state: "failed" });
    expect(failed.items).toMatchObject([
      { id: row?.id, attempts: 1, error: expect.stringContaining("OIDC_PROVIDERS") },
    ]);
    await staff.api.webhooks.replay({ id: row?.id });
    const jobs = await plane.database
      .owner`select from graphile_worker.jobs where key = ${`process-webhook ${row?.id}`}`;
    expect(jobs).toHaveLength(1);
    await work();
    await until(async () => !(await isSignedIn(person)));
    expect((await staff.api.webhooks.list({ state: "failed" })).items).toEqual([]);
  });

  it("the list pages through everything once, newest first", async () => {
    const all = (await staff.api.webhooks.list({ limit: 200 })).items.map(({ id }) => id);
    const seen: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await staff.api.webhooks.list({ limit: 7, ...(cursor ? { cursor } : {}) });
      seen.push(...page.items.map(({ id }) => id));
      if (!page.nextCursor) break;
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(all);
    expect(seen.toSorted().toReversed()).toEqual(seen);
  });
});

describe("the secret is exchanged", () => {
  const kinds = [createWebhookSecretsRotation({ lookMs: 20, graceMs: 300 }), createEncryptionKeyRotation()];
  const view = async (id: string) => {
    const rotation = await readRotation(ctx(), id, kinds);
    if (!rotation) throw new Error("There is no such rotation.");
    return rotation;
  };
  const turn = async (id: string) => {
    await runRotation(ctx(), { id }, kinds);
    return view(id);
  };

  it("the schedule reminds and invents nothing: it waits for what Zitadel makes", async () => {
    const { id } = await staff.api.rotations.start({ kind: "webhook-secrets" });
    const { steps } = await turn(id);
    expect(steps[0]).toMatchObject({
      state: "waiting",
      detail: expect.stringContaining("Waits for the new secret from Zitadel"),
    });
    expect((await staff.api.webhooks.secrets()).items).toHaveLength(1);
    await staff.api.rotations.cancel({ id });
    expect((await turn(id)).finishedAt).not.toBeNull();
    expect((await sendEvent()).status).toBe(200);
  });

  it("a load of signed events runs through the exchange with zero refusals, and the old secret opens nothing after it", async () => {
    let secret = FIRST;
    let isOver = false;
    let sent = 0;
    const refusals: number[] = [];
    const load = [1, 2, 3].map(async () => {
      while (!isOver) {
        const { status } = await sendEvent({ event_type: "user.human.added" }, secret);
        if (status !== 200) refusals.push(status);
        sent++;
      }
    });
    // Mistyped first: entered again, it is replaced, and the one in use goes on.
    const { rotationId } = await staff.api.webhooks.addSecret({ provider: "zitadel", secret: "mistyped-mistyped" });
    const id = rotationId ?? "";
    expect((await turn(id)).steps[1]?.state).toBe("waiting");
    expect(await staff.api.webhooks.addSecret({ provider: "zitadel", secret: NEXT })).toEqual({ rotationId: id });
    expect((await staff.api.webhooks.secrets()).items).toHaveLength(2);
    expect((await turn(id)).steps[1]?.state).toBe("waiting");
    await until(async () => sent > 30);
    secret = NEXT;
    await until(async () => (await turn(id)).finishedAt);
    const before = sent;
    await until(async () => sent > before + 20);
    isOver = true;
    await Promise.all(load);
    expect(refusals).toEqual([]);
    expect((await sendEvent({}, FIRST)).status).toBe(401);
    expect((await sendEvent({}, "mistyped-mistyped")).status).toBe(401);
    expect((await staff.api.webhooks.secrets()).items).toHaveLength(1);
    const [secrets] = await plane.database.owner`select string_agg(sealed_secret, ' ') as text from webhook_secrets`;
    expect(secrets?.text).not.toContain(NEXT);
  });
});
