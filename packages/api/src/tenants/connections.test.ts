import { describePerson } from "@kombify/embedded-idp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createOidcStage, type OidcStage, type Visitor } from "../oidc-testing.ts";
import { callAs, type Person, signUpPerson } from "../testing.ts";

const nora = describePerson("Nora Berg", "Berghaus", "owner");
const emil = describePerson("Emil Berg", "Elsewhere", "owner");
const theo = describePerson("Theo Park", "Parkside", "owner");
let stage: OidcStage;
beforeAll(async () => {
  stage = await createOidcStage([nora, emil, theo]);
});
afterAll(() => stage.close());

/** Presses "Connect" in Ann's settings and signs in at the provider. @returns where the browser landed. */
async function connect(person: Pick<Person, "cookie">, as: string, visitor: Visitor = stage.visit()): Promise<string> {
  const { api, responseHeaders } = callAs(stage.plane.cloud, { cookie: person.cookie });
  const { continueAt } = await api.identity.connect({ provider: "zitadel" });
  const [, flow = ""] = /kombify_oidc=([^;]+)/.exec(responseHeaders.getSetCookie().join()) ?? [];
  visitor.browser.cookies.set("kombify_oidc", flow);
  const [name = "", token = ""] = person.cookie.split("=");
  visitor.browser.cookies.set(name, token);
  return (await visitor.open(await visitor.browser.signIn(continueAt, { person: as }))).path;
}

it("a provider that somebody connected opens their account, and is listed with when", async () => {
  const ann = await signUpPerson(stage.plane, "ann");
  expect(await ann.api.identity.connections()).toMatchObject({
    hasPassword: true,
    items: [],
    available: [{ id: "zitadel", name: "Zitadel" }],
  });
  expect(await connect(ann, nora.subject)).toBe("/settings/connections?connected=zitadel");
  expect(await ann.api.identity.connections()).toMatchObject({
    items: [{ name: "Zitadel", issuer: stage.idp.issuer, connectedAt: expect.any(Date) }],
    available: [],
  });
  const visitor = stage.visit();
  await visitor.signIn(nora);
  const cookie = `kombify_cloud=${visitor.browser.cookies.get("kombify_cloud")}`;
  expect((await callAs(stage.plane.cloud, { cookie }).api.identity.me()).user.id).toBe(ann.id);
  expect(await connect(await signUpPerson(stage.plane, "bob"), nora.subject)).toBe(
    "/settings/connections?problem=linked-elsewhere&provider=zitadel",
  );
  expect(await connect(ann, emil.subject)).toBe("/settings/connections?problem=already-connected&provider=zitadel");
});

it("connecting is begun by a page of ours alone, and ends in the account that began it", async () => {
  const ann = await signUpPerson(stage.plane, "begun");
  const foreign = new Request(`${stage.cloudUrl}/api/auth/connections`, {
    method: "POST",
    headers: { origin: "https://evil.example", cookie: ann.cookie, "content-type": "application/json" },
    body: JSON.stringify({ provider: "zitadel" }),
  });
  await expect(
    stage.plane.cloud.handle(foreign, { requestId: "r", clientAddress: "a" } as never),
  ).rejects.toMatchObject({
    code: "FORBIDDEN",
  });
  // The plain start, which anybody can link to, never connects.
  const visitor = stage.visit();
  const [name = "", token = ""] = ann.cookie.split("=");
  visitor.browser.cookies.set(name, token);
  await visitor.signIn(theo);
  expect((await ann.api.identity.connections()).items).toEqual([]);
  // Somebody else has signed in to this browser meanwhile.
  const bob = await signUpPerson(stage.plane, "meanwhile");
  const mixed = stage.visit();
  const { api, responseHeaders } = callAs(stage.plane.cloud, { cookie: ann.cookie });
  const { continueAt } = await api.identity.connect({ provider: "zitadel" });
  mixed.browser.cookies.set(
    "kombify_oidc",
    /kombify_oidc=([^;]+)/.exec(responseHeaders.getSetCookie().join())?.[1] ?? "",
  );
  mixed.browser.cookies.set("kombify_cloud", bob.cookie.split("=")[1] ?? "");
  const landing = await mixed.open(await mixed.browser.signIn(continueAt, { person: emil.subject }));
  expect(landing.problem).toBe("signed-out");
  expect((await bob.api.identity.connections()).items).toEqual([]);
});

it("the only way in cannot be disconnected; a second one can, and what was begun with it ends", async () => {
  const visitor = stage.visit();
  await visitor.signIn(emil);
  const cookie = `kombify_cloud=${visitor.browser.cookies.get("kombify_cloud")}`;
  const alone = callAs(stage.plane.cloud, { cookie }).api;
  const issuer = stage.idp.issuer;
  await expect(alone.identity.disconnect({ issuer })).rejects.toMatchObject({ code: "PRECONDITION" });
  const ann = await signUpPerson(stage.plane, "leaves");
  await expect(ann.api.identity.disconnect({ issuer })).rejects.toMatchObject({ code: "NOT_FOUND" });
  const mia = describePerson("Mia", "Own House", "owner");
  stage.idp.setPerson(mia);
  await connect(ann, mia.subject);
  const laptop = stage.visit();
  await laptop.signIn(mia);
  const onLaptop = { cookie: `kombify_cloud=${laptop.browser.cookies.get("kombify_cloud")}` };
  expect((await callAs(stage.plane.cloud, onLaptop).api.identity.me()).user.id).toBe(ann.id);
  await ann.api.identity.disconnect({ issuer });
  expect((await ann.api.identity.connections()).items).toEqual([]);
  await expect
    .poll(() =>
      callAs(stage.plane.cloud, onLaptop)
        .api.identity.me()
        .catch((e) => e.status),
    )
    .toBe(401);
  // The provider account is nobody's now: who comes with it is somebody new.
  const again = stage.visit();
  await again.signIn(mia);
  const asMia = { cookie: `kombify_cloud=${again.browser.cookies.get("kombify_cloud")}` };
  expect((await callAs(stage.plane.cloud, asMia).api.identity.me()).user.id).not.toBe(ann.id);
});
