import { randomUUID } from "node:crypto";
import { KOMBIFY_ISSUER, type Peer } from "@kombify/agent-contract";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  bearer,
  callAs,
  createTestPlane,
  linkAccount,
  makeToken,
  type Person,
  signUpPerson,
  type TestPlane,
} from "../testing.ts";
import { revokeTokensOf } from "./personal-tokens.ts";
import { openTestIssuer, type TestIssuer } from "./testing-issuer.ts";

let issuer: TestIssuer;
let plane: TestPlane;
let ann: Person;
let bob: Person;
beforeAll(async () => {
  issuer = await openTestIssuer();
  plane = await createTestPlane({ oidcProviders: [issuer.provider] });
  ann = await signUpPerson(plane, "ann");
  bob = await signUpPerson(plane, "bob");
  await linkAccount(plane, ann, issuer.provider.issuer, "zitadel-ann");
});
afterAll(async () => {
  await plane.close();
  await issuer.close();
});

const soon = { timeout: 2_000, interval: 20 };
const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
const annsToken = (more = {}) => issuer.issue({ sub: "zitadel-ann", ...more });
const apiWith = (token: string, headers = {}) => callAs(plane.cloud, { ...bearer(token), ...headers }).api;

describe("a personal access token", () => {
  it("is shown once, is stored as a hash, and can be recognised by machines and by people", async () => {
    const { token, secret } = await ann.api.tokens.create({ name: "Backup script" });
    expect(secret).toMatch(/^kpat_[\w-]{43}$/);
    expect(token).toMatchObject({
      name: "Backup script",
      prefix: secret.slice(0, 9),
      scopes: ["portal:read"],
      lastUsedAt: null,
    });
    const everything = JSON.stringify([
      await ann.api.tokens.list(),
      await plane.database.owner`select * from api_tokens`,
      await plane.database.owner`select * from audit_events`,
    ]);
    expect(everything).not.toContain(secret);
    expect(everything).toContain(secret.slice(0, 9));
  });

  it("stands for its person", async () => {
    const { api } = await makeToken(plane, ann, ["portal:read"]);
    expect(await api.identity.me()).toMatchObject({ user: { id: ann.id }, tenants: [{ id: ann.tenant.id }] });
  });

  it("ends after 90 days unless said otherwise, after a year at the latest, and never in the past", async () => {
    const { token } = await ann.api.tokens.create({ name: "default" });
    expect(Math.round((token.expiresAt.getTime() - Date.now()) / DAY_MS)).toBe(90);
    await ann.api.tokens.create({ name: "longest", expiresAt: inDays(365) });
    for (const expiresAt of [inDays(367), inDays(-1), "2999-01-01T00:00:00Z", "tomorrow"])
      await expect(ann.api.tokens.create({ name: "x", expiresAt })).rejects.toMatchObject({
        code: "INVALID",
        fields: [{ path: "expiresAt" }],
      });
  });

  it("has a name and at least one scope that there is", async () => {
    for (const [input, path] of [
      [{ name: " " }, "name"],
      [{ name: "x".repeat(61) }, "name"],
      [{ name: "x", scopes: [] }, "scopes"],
      [{ name: "x", scopes: ["admin"] }, "scopes.0"],
    ] as const)
      await expect(ann.api.tokens.create(input as never)).rejects.toMatchObject({
        code: "INVALID",
        fields: [{ path }],
      });
  });

  it("is listed with when it was used, to the minute", async () => {
    const person = await signUpPerson(plane, "user");
    const { id, api } = await makeToken(plane, person);
    await api.identity.me();
    const lastUse = async () => (await person.api.tokens.list()).items.find((token) => token.id === id)?.lastUsedAt;
    await expect.poll(lastUse).toBeInstanceOf(Date);
    const used = await lastUse();
    expect(used?.getTime()).toBeGreaterThan(Date.now() - 120_000);
    expect([used?.getSeconds(), used?.getMilliseconds()]).toEqual([0, 0]);
  });

  it("of somebody else is neither listed nor revoked", async () => {
    const { id, api } = await makeToken(plane, ann);
    expect((await bob.api.tokens.list()).items).toEqual([]);
    await expect(bob.api.tokens.revoke({ id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await api.identity.me()).user.id).toBe(ann.id);
  });

  it("is revoked at once, also in another process that had just seen it, and with what was launched by it", async () => {
    const otherProcess = await plane.openCloud();
    const { id, secret, api } = await makeToken(plane, ann);
    const elsewhere = () => callAs(otherProcess, bearer(secret)).api.identity.me();
    await api.identity.me();
    await elsewhere();
    await ann.api.tokens.revoke({ id });
    await vi.waitFor(() => expect(elsewhere()).rejects.toMatchObject({ status: 401 }), {
      timeout: 2_000,
      interval: 20,
    });
    await vi.waitFor(() => expect(api.identity.me()).rejects.toMatchObject({ status: 401 }), {
      timeout: 2_000,
      interval: 20,
    });
    expect((await ann.api.tokens.list()).items.map((token) => token.id)).not.toContain(id);
    await expect(ann.api.tokens.revoke({ id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const endings = await plane.database.owner`select user_id from session_endings where session_id = ${id}`;
    expect(endings).toMatchObject([{ user_id: ann.id }]);
    await otherProcess.close();
  });

  it("a person's tokens can be ended all at once", async () => {
    const person = await signUpPerson(plane, "shut-out");
    const tokens = [await makeToken(plane, person), await makeToken(plane, person)];
    for (const { api } of tokens) await api.identity.me();
    await plane.cloud.db.as({ kind: "identity", userId: person.id }).transaction((tx) => revokeTokensOf(tx, person.id));
    for (const { api } of tokens)
      await vi.waitFor(() => expect(api.identity.me()).rejects.toMatchObject({ status: 401 }), {
        timeout: 2_000,
        interval: 20,
      });
  });

  it("a membership that is taken away is gone from a token at once", async () => {
    const person = await signUpPerson(plane, "former");
    const { api } = await makeToken(plane, person);
    await api.tenants.get({ slug: person.tenant.slug });
    await plane.database.owner`delete from memberships where user_id = ${person.id}`;
    await plane.database
      .owner`select pg_notify('kombify_changes', ${JSON.stringify({ noun: "sessions", id: person.id })})`;
    await vi.waitFor(
      () => expect(api.tenants.get({ slug: person.tenant.slug })).rejects.toMatchObject({ code: "NOT_FOUND" }),
      { timeout: 2_000, interval: 20 },
    );
  });

  it("there are at most fifty live ones, however many are asked for at once; revoked and expired ones do not count", async () => {
    const person = await signUpPerson(plane, "collector");
    const create = () => person.api.tokens.create({ name: "one of many" });
    for (let n = 0; n < 48; n++) await create();
    const results = await Promise.allSettled([create(), create(), create(), create(), create()]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    await expect(create()).rejects.toMatchObject({ code: "LIMIT_REACHED" });
    const [first, second] = (await person.api.tokens.list()).items;
    await person.api.tokens.revoke({ id: first!.id });
    await plane.database.owner`update api_tokens set expires_at = now() where id = ${second!.id}`;
    await create();
    await create();
    await expect(create()).rejects.toMatchObject({ code: "LIMIT_REACHED" });
  });

  it("making and revoking one is written down, without the secret", async () => {
    const person = await signUpPerson(plane, "audited");
    const { id, secret } = await makeToken(plane, person);
    await person.api.tokens.revoke({ id });
    const rows = await plane.database
      .owner`select action, actor_id, summary from audit_events where target_id = ${id} order by id`;
    expect(rows.map(({ action, actor_id }) => [action, actor_id])).toEqual([
      ["tokens.create", person.id],
      ["tokens.revoke", person.id],
    ]);
    expect(JSON.stringify(rows)).not.toContain(secret.slice(5));
  });

  it("an unknown one, a revoked one and an expired one cost the same time and get the same words", async () => {
    const revoked = await makeToken(plane, ann);
    await ann.api.tokens.revoke({ id: revoked.id });
    const expired = await makeToken(plane, ann);
    await plane.database.owner`update api_tokens set expires_at = now() where id = ${expired.id}`;
    const attempt = async (secret: string) => {
      const begin = performance.now();
      const error = await apiWith(secret)
        .identity.me()
        .catch((e: unknown) => e as Error);
      return { ms: performance.now() - begin, message: (error as Error).message };
    };
    const times: Record<string, number[]> = { unknown: [], revoked: [], expired: [] };
    const words = new Set<string>();
    for (let round = 0; round < 30; round++)
      for (const [name, secret] of [
        ["unknown", `kpat_${randomUUID().replaceAll("-", "")}${"x".repeat(11)}`],
        ["revoked", revoked.secret],
        ["expired", expired.secret],
      ] as const) {
        const { ms, message } = await attempt(secret);
        times[name]?.push(ms);
        words.add(message);
      }
    // The fastest of many: whatever else the machine does only ever adds.
    const fastest = (name: string) => Math.min(...(times[name] ?? []));
    expect(words.size).toBe(1);
    for (const name of ["revoked", "expired"]) {
      expect(fastest(name) / fastest("unknown")).toBeGreaterThan(0.5);
      expect(fastest(name) / fastest("unknown")).toBeLessThan(2);
    }
  });
});

describe("an access token of a provider", () => {
  it("stands for the person who has signed in with that account", async () => {
    expect((await apiWith(await annsToken()).identity.me()).user.id).toBe(ann.id);
  });

  it("of an account that nobody here has is refused, and says what to do", async () => {
    await expect(apiWith(await issuer.issue({ sub: "stranger" })).identity.me()).rejects.toMatchObject({
      status: 401,
      message: expect.stringContaining("once, in a browser"),
    });
  });

  it("an e-mail address links nobody", async () => {
    const token = await issuer.issue({ sub: "stranger", email: ann.email, email_verified: true });
    await expect(apiWith(token).identity.me()).rejects.toMatchObject({ status: 401 });
  });

  it("of an organisation reaches the homelab of that organisation alone, in every answer", async () => {
    const person = await signUpPerson(plane, "member");
    await linkAccount(plane, person, issuer.provider.issuer, "zitadel-member");
    const { tenant: second } = await person.api.tenants.create({ name: "Second" });
    await plane.database
      .owner`update tenants set org_id = 'org-two', org_issuer = ${issuer.provider.issuer} where id = ${second.id}`;
    const tokenOf = (more = {}) => issuer.issue({ sub: "zitadel-member", ...more });
    const owner = "urn:zitadel:iam:user:resourceowner:id";
    const restricted = apiWith(await tokenOf({ [owner]: "org-two", "urn:zitadel:iam:org:id": person.tenant.id }));
    expect((await restricted.identity.me()).tenants.map(({ id }) => id)).toEqual([second.id]);
    expect((await restricted.tenants.list()).items.map(({ id }) => id)).toEqual([second.id]);
    expect((await restricted.tenants.get({ slug: second.slug })).id).toBe(second.id);
    await expect(restricted.tenants.get({ slug: person.tenant.slug })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const nowhere = apiWith(await tokenOf({ [owner]: "no-such-organisation" }));
    expect((await nowhere.identity.me()).tenants).toEqual([]);
    await expect(nowhere.tenants.get({ slug: second.slug })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const echoed = apiWith(await tokenOf({ "urn:zitadel:iam:org:id": "org-two" }));
    expect((await echoed.identity.me()).tenants).toHaveLength(2);
  });

  it("reaches no account procedure: tokens, log-out and new homelabs are for sessions", async () => {
    const api = apiWith(await annsToken());
    const calls = [
      () => api.tokens.list(),
      () => api.tokens.create({ name: "x" }),
      () => api.identity.logout(),
      () => api.tenants.create({ name: "Lab two" }),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "FORBIDDEN", status: 403 });
  });

  it("an account that is unlinked is nobody again", async () => {
    const person = await signUpPerson(plane, "unlinked");
    await linkAccount(plane, person, issuer.provider.issuer, "zitadel-unlinked");
    const token = await issuer.issue({ sub: "zitadel-unlinked" });
    await apiWith(token).identity.me();
    await plane.database.owner`delete from oidc_identities where subject = 'zitadel-unlinked'`;
    await plane.database
      .owner`select pg_notify('kombify_changes', ${JSON.stringify({ noun: "tokens", id: person.id })})`;
    await vi.waitFor(() => expect(apiWith(token).identity.me()).rejects.toMatchObject({ status: 401 }), {
      timeout: 2_000,
      interval: 20,
    });
  });
});

describe("one homelab among several", () => {
  it("X-Tenant-ID chooses for every procedure, and the answer holds only what belongs to it", async () => {
    const person = await signUpPerson(plane, "two");
    await linkAccount(plane, person, issuer.provider.issuer, "zitadel-two");
    const { tenant: second } = await person.api.tenants.create({ name: "Another place" });
    const { secret } = await makeToken(plane, person);
    const credentials = [{ cookie: person.cookie }, bearer(secret), bearer(await issuer.issue({ sub: "zitadel-two" }))];
    for (const credential of credentials)
      for (const [mine, other] of [
        [person.tenant, second],
        [second, person.tenant],
      ] as const)
        for (const selector of [mine.id, mine.slug]) {
          const { api } = callAs(plane.cloud, { ...credential, "x-tenant-id": selector });
          const answers = JSON.stringify([
            await api.tenants.get({ slug: mine.slug }),
            await api.tenants.activity({ slug: mine.slug }),
          ]);
          expect(answers).toContain(mine.id);
          expect(answers).not.toContain(other.id);
          expect(answers).not.toContain(other.slug);
        }
  });

  it("two different ones in one request are refused, a foreign one beside one's own is not found", async () => {
    const person = await signUpPerson(plane, "torn");
    const { tenant: second } = await person.api.tenants.create({ name: "Another place" });
    const select = (selector: string) =>
      callAs(plane.cloud, { cookie: person.cookie, "x-tenant-id": selector }).api.tenants.get({
        slug: person.tenant.slug,
      });
    // The session learns of the new homelab a moment after it was made.
    await vi.waitFor(() => expect(select(second.id)).rejects.toMatchObject({ code: "INVALID" }), soon);
    await expect(select(bob.tenant.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(select("")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("what the gateway says", () => {
  const gateway: Peer = { kind: "service", name: "gateway" };
  const said = (headers: Record<string, string>, peer: Peer | null = gateway) =>
    callAs(plane.cloud, headers, { peer, peerSerial: "01" }).api;

  it("is believed over its own certificate: a person of ours, and one of a provider", async () => {
    expect((await said({ "x-user-id": ann.id }).identity.me()).user.id).toBe(ann.id);
    expect((await said({ "x-user-id": ann.id, "x-user-issuer": KOMBIFY_ISSUER }).identity.me()).user.id).toBe(ann.id);
    const provided = { "x-user-id": "zitadel-ann", "x-user-issuer": issuer.provider.issuer };
    expect((await said(provided).identity.me()).user.id).toBe(ann.id);
    expect((await said({ ...provided, "x-org-id": "elsewhere" }).identity.me()).tenants).toEqual([]);
  });

  it.each<[string, Peer | null]>([
    ["nobody", null],
    ["another service", { kind: "service", name: "cloud" }],
    ["the Admin center", { kind: "service", name: "admin" }],
    ["a host", { kind: "instance", instanceId: "00000000-0000-4000-8000-000000000000" }],
  ])("is not even read from %s", async (_who, peer) => {
    await expect(said({ "x-user-id": ann.id }, peer).identity.me()).rejects.toMatchObject({ status: 401 });
    const own = said({ "x-user-id": ann.id, cookie: bob.cookie }, peer);
    expect((await own.identity.me()).user.id).toBe(bob.id);
  });

  it.each([
    ["a person of another issuer", { "x-user-id": "zitadel-ann", "x-user-issuer": "https://evil.example" }],
    ["a subject of the provider in our own name", { "x-user-id": "zitadel-ann" }],
    ["what is no id", { "x-user-id": "' or true --" }],
    ["an unknown person", { "x-user-id": "00000000-0000-4000-8000-000000000000" }],
  ])("%s is nobody", async (_what, headers) => {
    await expect(said({ ...headers, cookie: ann.cookie }).identity.me()).rejects.toMatchObject({ status: 401 });
  });

  it("two ids in one header, and ids in other spellings of the header, are nobody's", async () => {
    await expect(said({ "x-user-id": `${ann.id}, ${bob.id}` }).identity.me()).rejects.toMatchObject({ status: 401 });
    await expect(said({ X_User_ID: ann.id }).identity.me()).rejects.toMatchObject({ status: 401 });
  });

  it("is weaker than a token, which is verified here", async () => {
    const { secret } = await makeToken(plane, bob);
    expect((await said({ "x-user-id": ann.id, ...bearer(secret) }).identity.me()).user.id).toBe(bob.id);
    await expect(said({ "x-user-id": ann.id, ...bearer("nonsense") }).identity.me()).rejects.toMatchObject({
      status: 401,
    });
  });

  it("opens nothing that is for sessions, and nothing of the Admin center", async () => {
    await expect(said({ "x-user-id": ann.id }).tokens.list()).rejects.toMatchObject({ code: "FORBIDDEN" });
    const { api } = callAs(plane.admin, { "x-user-id": ann.id }, { peer: gateway, peerSerial: "01" });
    await expect(api.identity.staffMe()).rejects.toMatchObject({ status: 401 });
  });
});
