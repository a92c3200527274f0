import { afterAll, beforeAll, expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { openTenants, startTestAgent, type TestAgent } from "../../test/test-agent.ts";
import { ownPath } from "./scheme.ts";

let agent: TestAgent;
let cookie: string;
beforeAll(async () => {
  agent = await startTestAgent();
  await openTenants(agent, [desiredTenant({ name: "<b>Lab</b>" })]);
  cookie = await agent.signIn();
});
afterAll(() => agent.drop());

const get = async (path: string, headers: Record<string, string> = { cookie }) => {
  const answer = await fetch(`${agent.url}${path}`, { headers, redirect: "manual" });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};
const post = async (path: string, values: Record<string, string>, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${agent.url}${path}`, {
    method: "POST",
    redirect: "manual",
    headers: { cookie, "sec-fetch-site": "same-origin", ...headers },
    body: new URLSearchParams(values),
  });
  return {
    status: answer.status,
    location: answer.headers.get("location") ?? "",
    headers: answer.headers,
    text: await answer.text(),
  };
};
const createStack = async (name: string) => {
  const { location } = await post("/stacks/new", { name, mode: "easy", services: "traefik, jellyfin", config: "" });
  return new URL(location, agent.url).pathname;
};

test("whoever is not signed in is shown the way to the portal and nothing else", async () => {
  for (const path of ["/", "/stacks", "/jobs", "/events", "/stacks/x"]) {
    const { status, text } = await get(path, {});
    expect(status, path).toBe(401);
    expect(text).toContain('href="http://localhost:3000/homelab"');
  }
});

test("a stack and its nodes are made, edited and deleted with forms alone", async () => {
  const stack = await createStack("by form");
  expect((await get(stack)).text).toContain("jellyfin");
  expect((await post(`${stack}/nodes/new`, { name: "nas", role: "storage", address: "10.0.0.1" })).location).toBe(
    `${stack}?notice=added`,
  );
  const node = /\/stacks\/[\w-]+\/nodes\/[0-9a-f-]{36}/.exec((await get(stack)).text)?.[0] ?? "";
  expect((await post(node, { name: "nas2", role: "storage", address: "" })).status).toBe(303);
  expect((await get(stack)).text).toContain("nas2");
  expect((await post(`${node}/delete`, {})).location).toBe(`${stack}?notice=removed`);
  expect((await post(stack, { name: "renamed", mode: "techie", services: "", config: '{"a":1}' })).location).toBe(
    `${stack}?notice=saved`,
  );
  const wrong = await post(`${stack}/delete`, { confirmation: "by form" });
  expect(wrong.status).toBe(400);
  expect(wrong.text).toContain("Type renamed exactly");
  expect((await post(`${stack}/delete`, { confirmation: "renamed" })).location).toBe("/stacks?notice=deleted");
  expect((await get(stack)).status).toBe(404);
});

test("what was wrong stands beside its field, and what was typed is kept", async () => {
  const refused = await post("/stacks/new", {
    name: "",
    description: "kept <words>",
    mode: "easy",
    services: "Not Good",
    config: "",
  });
  expect(refused.status).toBe(400);
  expect(refused.text).toMatch(/id="name-error">Give it a name\./);
  expect(refused.text).toContain('value="kept &lt;words&gt;"');
  expect(refused.text).toContain("Not Good</textarea>");
  const notJson = await post("/stacks/new", { name: "n", mode: "easy", config: "{" });
  expect(notJson.text).toMatch(/id="config-error">This is not JSON/);
  await createStack("twice");
  const taken = await post("/stacks/new", { name: "Twice", mode: "easy" });
  expect(taken).toMatchObject({
    status: 409,
    text: expect.stringMatching(/id="name-error">Another stack has this name/),
  });
});

test("what people type never becomes markup", async () => {
  const path = await createStack('<script>alert(1)</script>"');
  for (const page of [path, "/", "/stacks", "/jobs"]) {
    const { text } = await get(page);
    expect(text).not.toContain("<script>alert");
    expect(text).not.toContain("<b>Lab");
  }
});

test("scripts run only with the nonce of the page, and nobody frames it", async () => {
  const { headers, text } = await get("/");
  const nonce = /script-src 'self' 'nonce-([^']+)'/.exec(headers.get("content-security-policy") ?? "")?.[1];
  expect(text).toContain(`nonce="${nonce}"`);
  expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  expect(headers.get("cache-control")).toBe("no-store");
});

test("another site's form changes nothing", async () => {
  for (const site of ["cross-site", "same-site", "none"])
    expect((await post("/stacks/new", { name: "forged", mode: "easy" }, { "sec-fetch-site": site })).status).toBe(403);
  expect((await get("/stacks")).text).not.toContain("forged");
});

test("viewers see no button that they may not press", async () => {
  const path = await createStack("looked at");
  const viewer = await agent.signIn(agent.controlPlane.sign({ sub: "v", role: "viewer" }));
  const { text } = await get(path, { cookie: viewer });
  for (const words of ["Add node", "Delete this stack", "Edit this stack"]) expect(text).not.toContain(words);
});

test("an open page hears of changes as they happen", async () => {
  const stream = await fetch(`${agent.url}/events`, { headers: { cookie } });
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  await createStack("heard of");
  let heard = "";
  while (!heard.includes("event: change")) heard += (await reader?.read())?.value ?? "";
  await reader?.cancel();
});

test("lists page and filter, and a filter that is none is refused with a page", async () => {
  for (let i = 0; i < 26; i++) await createStack(`many ${i}`);
  const first = await get("/stacks");
  const next = /href="(\/stacks\?cursor=[^"]+)"/.exec(first.text)?.[1] ?? "";
  expect((await get(next)).text).toContain("many 0");
  expect((await get("/jobs?state=completed")).status).toBe(200);
  expect((await get("/stacks?cursor=nonsense")).status).toBe(400);
});

test("the colours are remembered and the way back stays on this Stack", async () => {
  const { location, headers } = await post("/appearance", { scheme: "dark", returnTo: "/stacks?status=draft" });
  expect(location).toBe("/stacks?status=draft");
  const scheme = headers.getSetCookie()[0]?.split(";")[0] ?? "";
  expect((await get("/", { cookie: `${cookie}; ${scheme}` })).text).toContain('data-scheme="dark"');
  for (const evil of ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", ""])
    expect(ownPath(evil)).toBe("/");
});

test("assets carry their content in their name and may be kept for ever", async () => {
  const path = /\/assets\/console-[0-9a-f]{12}\.css/.exec((await get("/")).text)?.[0] ?? "";
  expect((await get(path, {})).headers.get("cache-control")).toContain("immutable");
});
