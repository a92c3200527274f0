/** Cloud and a host on the same document: OpenFeature's own clients, and the same values for whatever is asked. */
import { requestInfoOf } from "@kombify/api";
import {
  bearer,
  createTestPlane,
  makeToken,
  type Person,
  signUpPerson,
  type TestPlane,
  testLog,
} from "@kombify/api/testing";
import { CLIENT_FLAGS, describeOfrepClients } from "@kombify/api/testing/ofrep";
import type { TenantId } from "@kombify/db";
import { createShell, type Listener, listen } from "@kombify/server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { desiredTenant } from "../../apps/stack-agent/test/control-plane-double.ts";
import { openTenants, startTestAgent, type TestAgent } from "../../apps/stack-agent/test/test-agent.ts";
import { createRandom, randomContext, randomFlag } from "./random-flags.ts";

const SEED = 20_261_124;
const FLAGS = 100;
const CONTEXTS = 100;

let plane: TestPlane;
let cloud: Listener;
let agent: TestAgent;
let person: Person;
let cloudHeaders: Record<string, string>;
let stackHeaders: Record<string, string>;

const documentOf = async () => (await plane.cloud.can.flagDocuments.of(person.tenant.id as TenantId)).document;

/** Changes flags, and gives the host the document that follows. */
async function change(write: (owner: TestPlane["database"]["owner"]) => Promise<unknown>): Promise<void> {
  const before = (await documentOf()).revision;
  await write(plane.database.owner);
  await plane.database.owner`update flag_settings set revision = revision + 1`;
  await vi.waitFor(async () => expect((await documentOf()).revision).toBeGreaterThan(before), 10_000);
  const applied = await agent.internal("/api/internal/feature-flags/apply", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(await documentOf()),
  });
  expect(applied.status, await applied.text()).toBe(200);
}
const setToggle = (isOn: boolean) =>
  change((owner) => owner`update flags set default_variant = ${isOn ? "on" : "off"} where key = 'toggle'`);

beforeAll(async () => {
  [plane, agent] = await Promise.all([createTestPlane(), startTestAgent()]);
  await plane.database.owner`insert into plan_limits (plan, requests_per_minute) values ('free', 100000)`;
  person = await signUpPerson(plane, "ada");
  cloudHeaders = bearer((await makeToken(plane, person, ["portal:read"])).secret);
  const shell = createShell({ name: "test", version: "0", log: testLog, checks: {}, exposeMetrics: false });
  shell.app.all("*", async (c) => (await plane.cloud.handle(c.req.raw, requestInfoOf(c))) ?? c.notFound());
  cloud = await listen({ fetch: shell.app.fetch, port: 0 });
  const { id: tenantId, slug } = person.tenant;
  const tenant = desiredTenant({ tenantId, slug });
  await openTenants(agent, [tenant]);
  const { body } = await agent.exchange(await agent.controlPlane.sign({ tenantId, orgId: tenant.orgId }));
  stackHeaders = bearer(body.token);
  await change(async (owner) => {
    for (const [key, flag] of Object.entries(CLIENT_FLAGS)) {
      const targeting = "targeting" in flag ? flag.targeting : {};
      await owner`insert into flags (id, key, state, variants, default_variant, targeting)
        values (gen_random_uuid(), ${key}, ${flag.state}, ${owner.json(flag.variants)}, ${flag.defaultVariant}, ${owner.json(targeting)})`;
    }
  });
}, 120_000);
afterAll(async () => {
  await cloud?.close();
  await Promise.all([agent?.drop(), plane?.close()]);
});

describeOfrepClients("a Stack host", () => ({
  url: agent.url,
  headers: stackHeaders,
  badHeaders: bearer("k".repeat(50)),
  setToggle,
}));

type Entry = { key: string; value?: unknown; variant?: string; reason?: string; errorCode?: string };
async function evaluate(url: string, headers: Record<string, string>, context: unknown): Promise<Entry[]> {
  const answer = await fetch(`${url}/ofrep/v1/evaluate/flags`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ context }),
  });
  expect(answer.status).toBe(200);
  const { flags } = (await answer.json()) as { flags: Entry[] };
  const plain = flags.map(({ key, value, variant, reason, errorCode }) => ({ key, value, variant, reason, errorCode }));
  return plain.sort((one, other) => (one.key < other.key ? -1 : 1));
}

test(`Cloud and a host agree on ${FLAGS} random flags for each of ${CONTEXTS} random contexts`, async () => {
  const random = createRandom(SEED);
  await change(async (owner) => {
    await owner`delete from flags`;
    for (let index = 0; index < FLAGS; index++) {
      const { key, state, variants, defaultVariant, targeting, prerequisites, isKilled } = randomFlag(random, index);
      await owner`insert into flags (id, key, state, variants, default_variant, targeting, prerequisites, off_variant, killed_at)
        values (gen_random_uuid(), ${key}, ${state}, ${owner.json(variants as never)}, ${defaultVariant}, ${owner.json(targeting as never)},
          ${owner.json(prerequisites)}, 'off', ${isKilled ? new Date() : null})`;
    }
  });
  const reasons = new Map<string, number>();
  for (let index = 0; index < CONTEXTS; index++) {
    const context = randomContext(random, index);
    const [here, there] = [
      await evaluate(cloud.url, cloudHeaders, context),
      await evaluate(agent.url, stackHeaders, context),
    ];
    expect(here).toHaveLength(FLAGS);
    expect(there, JSON.stringify(context)).toEqual(here);
    for (const { reason = "", errorCode = "" } of here)
      reasons.set(`${reason}${errorCode}`, (reasons.get(`${reason}${errorCode}`) ?? 0) + 1);
  }
  // Otherwise they would agree on little.
  for (const reason of ["STATIC", "DEFAULT", "TARGETING_MATCH", "DISABLED"])
    expect(reasons.get(reason), JSON.stringify([...reasons])).toBeGreaterThan(100);
}, 120_000);
