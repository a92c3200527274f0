import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { desiredTenant, PORTAL_ORIGIN } from "../../test/control-plane-double.ts";
import { openTenants, startTestAgent, type TestAgent } from "../../test/test-agent.ts";
import { CURRENT_DEFINITION } from "../engine/collections.ts";

let agent: TestAgent;
let cookie: string;
const tenant = desiredTenant();
const { version } = CURRENT_DEFINITION;
beforeAll(async () => {
  agent = await startTestAgent();
  await openTenants(agent, [tenant]);
  cookie = await agent.signIn();
});
afterAll(() => agent.drop());
const store = (state: string, namespaceVersion = version) =>
  agent.database
    .admin`update stack._tenants set state = ${state}, namespace_version = ${namespaceVersion} where slug = ${tenant.slug}`;
afterEach(() => store("ready"));

const service = { "x-tenant-id": tenant.slug, "x-user-id": "person-1", "x-user-role": "owner" };
const asBrowser = (path: string) => fetch(`${agent.url}${path}`, { headers: { cookie } });

/** What is answered to the launch, to our services, to the API and to a page. */
async function answers(): Promise<{ statuses: number[]; texts: string[] }> {
  const launch = await agent.exchange(await agent.controlPlane.sign());
  const calls = [await agent.internal("/v1/stacks", { headers: service }), await asBrowser("/v1/stacks")];
  const problems = await Promise.all(calls.map(async (answer) => ((await answer.json()) as { detail: string }).detail));
  const page = await asBrowser("/");
  return {
    statuses: [launch.status, ...calls.map(({ status }) => status), page.status],
    texts: [launch.body.detail, ...problems, await page.text()],
  };
}

test.each([
  ["under quarantine", "quarantined", version, "is being repaired"],
  ["that waits for its upgrade", "ready", version - 1, "is being brought up to date"],
  ["of a newer version than this agent knows", "ready", version + 1, "needs a newer version of this Stack"],
])("a tenant %s is closed on every way in, says why, and its people stay signed in", async (_, state, has, words) => {
  await store(state, has);
  const { statuses, texts } = await answers();
  expect(statuses).toEqual([409, 409, 409, 409]);
  for (const text of texts) expect(text).toContain(words);
  expect(texts.at(-1), "a page leads back to the portal").toContain(`${PORTAL_ORIGIN}/homelab`);
  await store("ready");
  expect((await asBrowser("/v1/stacks")).status).toBe(200);
});

test("a suspended tenant does not even say that it is there to whoever was signed in", async () => {
  await store("suspended");
  expect((await asBrowser("/v1/stacks")).status).toBe(401);
});
