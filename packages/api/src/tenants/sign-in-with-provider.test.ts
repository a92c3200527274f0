import { randomUUID } from "node:crypto";
import { describePerson, type ProviderPerson } from "@kombify/embedded-idp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOidcStage, type OidcStage, type Visitor } from "../oidc-testing.ts";
import { callAs, signUpPerson } from "../testing.ts";

const nora = describePerson("Nora Berg", "Berghaus", "owner");
const emil = describePerson("Emil Berg", "Berghaus", "member");
const guest = describePerson("Guest", "Berghaus");
const theo = describePerson("Theo Park", "Parkside", "admin");

let stage: OidcStage;
beforeAll(async () => {
  stage = await createOidcStage([nora, emil, guest, theo]);
});
afterAll(() => stage.close());

const sql = () => stage.plane.database.owner;
const apiOf = ({ browser }: Visitor) =>
  callAs(stage.plane.cloud, { cookie: `kombify_cloud=${browser.cookies.get("kombify_cloud")}` }).api;
const roleOf = async (visitor: Visitor) =>
  (await apiOf(visitor).identity.me()).tenants.map(({ slug, role }) => `${slug} ${role}`);
/** Somebody whom no other test knows, in an organisation of their own unless told. */
function somebody(
  more: Partial<ProviderPerson> = {},
  role: Parameters<typeof describePerson>[2] = "owner",
): ProviderPerson {
  const word = randomUUID().slice(0, 8);
  const person = { ...describePerson(`P ${word}`, `Org ${word}`, role), ...more };
  stage.idp.setPerson(person);
  return person;
}

describe("the homelab of an organisation", () => {
  it("is made for the first who comes, who owns it, and later ones get the role that the provider gives there", async () => {
    const [first, second] = [stage.visit(), stage.visit()];
    expect((await first.signIn(nora)).path).toBe("/welcome?tenant=berghaus");
    expect(await roleOf(first)).toEqual(["berghaus owner"]);
    const [tenant] = await sql()`select org_id, org_issuer from tenants where slug = 'berghaus'`;
    expect(tenant).toEqual({ org_id: nora.organisation.id, org_issuer: stage.idp.issuer });
    expect((await second.signIn(emil)).path).toBe("/homelab");
    expect(await roleOf(second)).toEqual(["berghaus member"]);
    expect((await stage.visit().signIn(nora, { next: "/settings?tab=1" })).path).toBe("/settings?tab=1");
  });

  it("lets nobody in without a role there, and says what to do", async () => {
    await stage.visit().signIn(nora);
    const visitor = stage.visit();
    expect((await visitor.signIn(guest)).path).toBe("/login?problem=no-role&provider=zitadel");
    expect(visitor.browser.cookies.has("kombify_cloud")).toBe(false);
    expect(await sql()`select 1 from users where email = ${guest.email}`).toHaveLength(0);
  });

  it("a role held in another organisation counts for nothing", async () => {
    await stage.visit().signIn(nora);
    const stranger = describePerson("Stranger", "Berghaus");
    stranger.roles = { owner: { [theo.organisation.id]: theo.organisation.domain } };
    stage.idp.setPerson(stranger);
    expect((await stage.visit().signIn(stranger)).problem).toBe("no-role");
  });

  it("is the one that owns the account and never the one that the browser asked for", async () => {
    await stage.visit().signIn(nora);
    const visitor = stage.visit();
    const echo = ` urn:zitadel:iam:org:id:${nora.organisation.id}`;
    await visitor.signIn(theo, {
      changeAddress: (address) => address.searchParams.set("scope", address.searchParams.get("scope") + echo),
    });
    expect(await roleOf(visitor)).toEqual(["parkside owner"]);
  });

  it("an organisation that calls itself by the id of a homelab of our own does not get it", async () => {
    const victim = await signUpPerson(stage.plane, "victim");
    const organisation = { id: victim.tenant.id, name: "Trap", domain: "trap.example" };
    const attacker = somebody({ organisation, roles: { owner: { [organisation.id]: organisation.domain } } });
    expect((await stage.visit().signIn(attacker)).problem).toBe("organisation-taken");
    const members = await sql()`select user_id from memberships where tenant_id = ${victim.tenant.id}`;
    expect(members).toEqual([{ user_id: victim.id }]);
  });

  it("two people of a new organisation who come at once make one homelab", async () => {
    const one = somebody();
    const two = somebody({ organisation: one.organisation, roles: { member: { [one.organisation.id]: "x" } } });
    await Promise.all([stage.visit().signIn(one), stage.visit().signIn(two)]);
    const rows = await sql()`select count(*)::int as n from tenants where org_id = ${one.organisation.id}`;
    expect(rows).toEqual([{ n: 1 }]);
  });

  it("a role is brought up to date at each sign-in and ends what is open on the Stack; the last owner stays one", async () => {
    const owner = somebody();
    const organisation = owner.organisation;
    const member = somebody({ organisation, roles: { admin: { [organisation.id]: "x" } } });
    const [first, second] = [stage.visit(), stage.visit()];
    await first.signIn(owner);
    await second.signIn(member);
    expect((await roleOf(second))[0]).toMatch(/ admin$/);
    stage.idp.setPerson({ ...member, roles: { viewer: { [organisation.id]: "x" } } });
    await second.signIn(member);
    expect((await roleOf(second))[0]).toMatch(/ viewer$/);
    const { user } = await apiOf(second).identity.me();
    expect(await sql()`select 1 from session_endings where user_id = ${user.id} and session_id is null`).toHaveLength(
      1,
    );
    stage.idp.setPerson({ ...owner, roles: { viewer: { [organisation.id]: "x" } } });
    await first.signIn(owner);
    expect((await roleOf(first))[0]).toMatch(/ owner$/);
  });

  it("takes as many members as its plan allows", async () => {
    const owner = somebody();
    const another = () =>
      somebody({ organisation: owner.organisation, roles: { member: { [owner.organisation.id]: "x" } } });
    await stage.visit().signIn(owner);
    expect((await stage.visit().signIn(another())).problem).toBeNull();
    expect((await stage.visit().signIn(another())).problem).toBe("members-full");
  });
});

describe("people are known by issuer and subject alone", () => {
  it("an address that has a password account opens nothing, and the refusal says what to do", async () => {
    const ann = await signUpPerson(stage.plane, "ann");
    const impostor = somebody({ email: ann.email });
    const visitor = stage.visit();
    expect((await visitor.signIn(impostor)).path).toBe("/login?problem=address-taken&provider=zitadel");
    expect(visitor.browser.cookies.has("kombify_cloud")).toBe(false);
    expect(await sql()`select 1 from oidc_identities where user_id = ${ann.id}`).toHaveLength(0);
  });

  it("an address that the provider does not vouch for is not taken over; one that it verifies later is", async () => {
    const ann = await signUpPerson(stage.plane, "bea");
    const unverified = somebody({ email: ann.email, emailVerified: false });
    const visitor = stage.visit();
    expect((await visitor.signIn(unverified)).problem).toBeNull();
    const { user } = await apiOf(visitor).identity.me();
    expect(user.email).toMatch(/^[0-9a-f]{24}@no-address\.invalid$/);
    stage.idp.setPerson({ ...unverified, email: "own@else.example", emailVerified: true });
    await visitor.signIn(unverified);
    expect((await apiOf(visitor).identity.me()).user).toMatchObject({ id: user.id, email: "own@else.example" });
  });

  it("whose address and name change at the provider stays who they are", async () => {
    const person = somebody();
    const visitor = stage.visit();
    await visitor.signIn(person);
    const before = (await apiOf(visitor).identity.me()).user.id;
    stage.idp.setPerson({ ...person, email: "new@else.example", name: "New Name" });
    await visitor.signIn(person);
    expect((await apiOf(visitor).identity.me()).user.id).toBe(before);
  });
});

describe("a sign-in that is not what it seems", () => {
  it("an answer that somebody else fetched is refused in a browser that did not ask, and in one that asked itself", async () => {
    const attacker = stage.visit();
    const address = await attacker.goAndComeBack({ person: theo.subject });
    const victim = stage.visit();
    expect((await victim.open(address)).problem).toBe("expired");
    await victim.browser.send(`${stage.cloudUrl}/api/auth/oidc/start?provider=zitadel`);
    expect((await victim.open(address)).problem).toBe("expired");
    expect(victim.browser.cookies.has("kombify_cloud")).toBe(false);
  });

  it("an answer is good once: without the cookie, and with a copy of the cookie too", async () => {
    const visitor = stage.visit();
    const address = await visitor.goAndComeBack({ person: theo.subject });
    const copy = visitor.browser.cookies.get("kombify_oidc") ?? "";
    expect((await visitor.open(address)).problem).toBeNull();
    expect(visitor.browser.cookies.has("kombify_oidc")).toBe(false);
    const thief = stage.visit();
    expect((await thief.open(address)).problem).toBe("expired");
    thief.browser.cookies.set("kombify_oidc", copy);
    expect((await thief.open(address)).problem).toBe("expired");
    expect(thief.browser.cookies.has("kombify_cloud")).toBe(false);
  });

  it("who cancels is back at the log-in page, and no code or state stays in an address of ours", async () => {
    const visitor = stage.visit();
    const landing = await visitor.open(await visitor.goAndComeBack({ cancel: true }));
    expect(landing.path).toBe("/login?problem=cancelled&provider=zitadel");
    expect(landing.answer.headers.get("referrer-policy")).toBe("no-referrer");
    expect(landing.answer.headers.get("cache-control")).toBe("no-store");
    expect(visitor.browser.cookies.has("kombify_oidc")).toBe(false);
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example/",
    "HTTPS://evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/./\\evil.example",
    "/..//evil.example",
    "https://localhost@evil.example",
    "//user@evil.example",
    "/api/auth/oidc/start?provider=zitadel",
    "evil",
  ])("leads to no other place than a page of our own: %j", async (next) => {
    await stage.visit().signIn(nora);
    expect((await stage.visit().signIn(nora, { next })).path).toBe("/homelab");
  });

  it("what the browser carries is sealed, out of reach of scripts, and nobody's after ten minutes", async () => {
    const answer = await stage.visit().browser.send(`${stage.cloudUrl}/api/auth/oidc/start?provider=zitadel`);
    const cookie = answer.headers.getSetCookie()[0] ?? "";
    expect(cookie).toMatch(/^kombify_oidc=v\d[^;]*; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
    const state = new URL(answer.headers.get("location") ?? "").searchParams.get("state") ?? "";
    expect(Buffer.from(cookie, "utf8").toString()).not.toContain(state);
  });

  it("a provider that is not configured is refused with a word", async () => {
    const landing = await stage.visit().open(`${stage.cloudUrl}/api/auth/oidc/start?provider=constructor`);
    expect(landing.path).toBe("/login?problem=unknown-provider");
  });

  it("the session says which provider it came from, and the ID token is stored sealed", async () => {
    const visitor = stage.visit();
    await visitor.signIn(theo);
    const { user } = await apiOf(visitor).identity.me();
    const [row] = await sql()`select * from sessions where user_id = ${user.id} order by created_at desc limit 1`;
    expect(row).toMatchObject({ idp_issuer: stage.idp.issuer, idp_sid: expect.any(String) });
    expect(row?.sealed_id_token).toMatch(/^v\d/);
  });
});

it("a provider without organisations gives everybody a homelab of their own", async () => {
  const plain = await createOidcStage([nora, emil], { hasOrganisations: false });
  const slugs = [];
  for (const person of [nora, emil]) slugs.push((await plain.visit().signIn(person)).path);
  expect(slugs).toEqual(
    ["/welcome?tenant=noraberg", "/welcome?tenant=emilberg"].map((path) => expect.stringContaining(path)),
  );
  expect((await plain.visit().signIn(nora)).path).toBe("/homelab");
  await plain.close();
});
