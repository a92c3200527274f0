import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bearer, callAs, createTestPlane, linkAccount, type Person, signUpPerson, type TestPlane } from "../testing.ts";
import { denyTokens, denyTokensOfPerson, pruneDenials } from "./denials.ts";
import { openTestIssuer, type TestIssuer } from "./testing-issuer.ts";

let issuer: TestIssuer;
let plane: TestPlane;
beforeAll(async () => {
  issuer = await openTestIssuer();
  plane = await createTestPlane({ oidcProviders: [issuer.provider] });
});
afterAll(async () => {
  await plane.close();
  await issuer.close();
});

const iss = () => issuer.provider.issuer;
const inAnHour = () => new Date(Date.now() + 3_600_000);
const soon = { timeout: 2_000, interval: 20 };
let number = 0;
async function newPerson(): Promise<{ person: Person; subject: string }> {
  const subject = `subject-${++number}`;
  const person = await signUpPerson(plane, "person");
  await linkAccount(plane, person, iss(), subject);
  return { person, subject };
}
const me = (token: string, cloud = plane.cloud) => callAs(cloud, bearer(token)).api.identity.me();
const deny = (kind: "jti" | "sid" | "sub", value: string, before = new Date()) =>
  plane.cloud.db
    .as({ kind: "identity" })
    .transaction((tx) => denyTokens(tx, { issuer: iss(), kind, value, before, expiresAt: inAnHour() }));
const refused = (token: string, cloud = plane.cloud) => expect(me(token, cloud)).rejects.toMatchObject({ status: 401 });

describe("a denied token", () => {
  it.each(["jti", "sid", "sub"] as const)(
    "is refused at once by its %s, in every process, although it was just believed",
    async (kind) => {
      const { subject } = await newPerson();
      const names = { jti: `jti-${subject}`, sid: `sid-${subject}`, sub: subject };
      const token = await issuer.issue(names);
      const otherProcess = await plane.openCloud();
      await me(token);
      await me(token, otherProcess);
      await deny(kind, names[kind]);
      await vi.waitFor(() => refused(token), soon);
      await vi.waitFor(() => refused(token, otherProcess), soon);
      // A process that starts afterwards knows it too.
      const laterProcess = await plane.openCloud();
      await refused(token, laterProcess);
      await Promise.all([otherProcess.close(), laterProcess.close()]);
    },
  );

  it("those of others, and those that were issued later, go on working", async () => {
    const [one, other] = [await newPerson(), await newPerson()];
    const now = Math.floor(Date.now() / 1000);
    const [old, later] = [
      await issuer.issue({ sub: one.subject, iat: now - 60 }),
      await issuer.issue({ sub: one.subject, iat: now }),
    ];
    await deny("sub", one.subject, new Date((now - 30) * 1000));
    await vi.waitFor(() => refused(old), soon);
    await me(later);
    await me(await issuer.issue({ sub: other.subject }));
  });

  it("an earlier denial never takes a later one back", async () => {
    const { subject } = await newPerson();
    const token = await issuer.issue({ sub: subject });
    await deny("sub", subject);
    await deny("sub", subject, new Date(0));
    await vi.waitFor(() => refused(token), soon);
  });

  it("the same value under another issuer or another kind denies nothing", async () => {
    const { subject } = await newPerson();
    await deny("jti", subject);
    await plane.database.owner`insert into token_denials (issuer, kind, value, before, expires_at)
      values ('https://other.example', 'sub', ${subject}, now() + interval '1 hour', now() + interval '1 hour')`;
    await me(await issuer.issue({ sub: subject }));
    const later = await plane.openCloud();
    await me(await issuer.issue({ sub: subject }), later);
    await later.close();
  });

  it("shutting a person out denies what every provider has issued to them", async () => {
    const { person, subject } = await newPerson();
    const token = await issuer.issue({ sub: subject });
    await me(token);
    await plane.cloud.db
      .as({ kind: "identity", userId: person.id })
      .transaction((tx) => denyTokensOfPerson(tx, person.id));
    await vi.waitFor(() => refused(token), soon);
    const said = { "x-user-id": subject, "x-user-issuer": iss() };
    const { api } = callAs(plane.cloud, said, { peer: { kind: "service", name: "gateway" }, peerSerial: "01" });
    await expect(api.identity.me()).rejects.toMatchObject({ status: 401 });
  });
});

describe("while the connection is away over which denials are heard of", () => {
  it("the database is asked on every request, and memory is believed again only after it was read again", async () => {
    const { subject } = await newPerson();
    const token = await issuer.issue({ sub: subject });
    await me(token);
    const { owner } = plane.database;
    const [{ name } = { name: "" }] = await owner<{ name: string }[]>`select current_database() as name`;
    const listeners = () => owner`select pid from pg_stat_activity where datname = ${name} and query ilike 'listen %'`;
    const elsewhere = postgres(Object.assign(new URL(plane.database.ownerUrl), { pathname: "/postgres" }).toString(), {
      max: 1,
    });
    await elsewhere.unsafe(`alter database ${name} allow_connections false`);
    try {
      await owner`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name} and query ilike 'listen %'`;
      await expect.poll(() => plane.cloud.can.changes.isListening()).toBe(false);
      // Nobody can be told of it now.
      await owner`insert into token_denials (issuer, kind, value, before, expires_at)
        values (${iss()}, 'sub', ${subject}, now() + interval '1 second', now() + interval '1 hour')`;
      await refused(token);
    } finally {
      await elsewhere.unsafe(`alter database ${name} allow_connections true`);
      await elsewhere.end();
    }
    await expect.poll(() => plane.cloud.can.changes.isListening(), { timeout: 30_000 }).toBe(true);
    expect((await listeners()).length).toBeGreaterThan(0);
    await refused(token);
  });
});

it("denials of tokens that have all ended are removed, others are kept", async () => {
  const { owner } = plane.database;
  await owner`insert into token_denials (issuer, kind, value, before, expires_at)
    values ('https://p.example', 'sub', 'ended', now(), now()), ('https://p.example', 'sub', 'live', now(), now() + interval '1 hour')`;
  await pruneDenials(plane.admin.asSystem("test").db);
  expect(await owner`select value from token_denials where issuer = 'https://p.example'`).toEqual([{ value: "live" }]);
});
