/**
 * The certificate authority and the agents' certificates are exchanged while a real agent, Cloud, a gateway and people
 * who launch go on as always: not one request fails.
 */
import { once } from "node:events";
import { Agent, request } from "node:https";
import {
  issueGatewayCertificate,
  onlyGateway,
  openGatewayListener,
  requestInfoOf,
  revokeCertificate,
} from "@kombify/api";
import {
  agentCertificatesRotation,
  callAs,
  certificateAuthorityRotation,
  createTestPlane,
  type Person,
  signInStaff,
  signUpPerson,
  type TestPlane,
  testInfo,
  testLog,
} from "@kombify/api/testing";
import { createShell, type Listener } from "@kombify/server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openAgentListener } from "./agent-listener.ts";
import { joinOnly, type StackProcess, startStack } from "./test/stack-process.ts";

type Rotation = typeof certificateAuthorityRotation;
let plane: TestPlane;
let agents: Listener;
let edge: Listener;
let stack: StackProcess;
let ann: Person;
let instanceId: string;

const openAgents = (port = 0) => openAgentListener({ controlPlane: plane.admin, port, version: "0", log: testLog });

beforeAll(async () => {
  // Certificates of a minute: agents that are asked to renew do so within three seconds.
  plane = await createTestPlane({ leafLifetimeMs: 60_000, authorityReloadMs: 500 });
  agents = await openAgents();
  const { app } = createShell({ name: "edge", version: "0", log: testLog, checks: {}, exposeMetrics: false });
  app.use(onlyGateway(plane.cloud));
  app.all("*", async (c) => (await plane.cloud.handle(c.req.raw, requestInfoOf(c))) ?? c.notFound());
  edge = await openGatewayListener(app, plane.cloud, { port: 0 });
  const staff = await signInStaff(plane);
  const { joinToken, instance } = await staff.api.instances.register({ name: "real" });
  instanceId = instance.id;
  stack = await startStack(agents.url, joinToken);
  const until = { timeout: 60_000 };
  await vi.waitFor(async () => {
    const { owner } = plane.database;
    expect(await owner`select 1 from instance_reports where connection = 'connected'`).toHaveLength(1);
  }, until);
  // The load is far beyond what any plan allows in a minute.
  await plane.database.owner`insert into plan_limits (plan, requests_per_minute) values ('free', 10_000_000)`;
  ann = await signUpPerson(plane, "ann");
  await vi.waitFor(async () => {
    expect((await ann.api.tenants.get({ slug: ann.tenant.slug })).status).toBe("active");
  }, until);
}, 180_000);
afterAll(async () => {
  await stack?.stop();
  await edge?.close();
  await agents?.close();
  await plane?.close();
});

/** A gateway that takes new certificates as a careful operator gives them: first the new one, then an end to the old one. */
async function startGateway() {
  const issue = () => issueGatewayCertificate(plane.admin.asSystem("test"), 1);
  let identity = await issue();
  let agent = new Agent({ keepAlive: true, ...identity });
  let calls = 0;
  return {
    async call() {
      const sent = request(`${edge.url}/v1/stacks`, { agent, headers: { cookie: ann.cookie } }).end();
      const [answer] = await once(sent, "response");
      answer.resume();
      await once(answer, "end");
      calls += 1;
      if (answer.statusCode !== 200) throw new Error(`The gateway got ${answer.statusCode}.`);
    },
    async renew() {
      const old = { agent, serial: identity.serial };
      identity = await issue();
      agent = new Agent({ keepAlive: true, ...identity });
      const before = calls;
      await expect.poll(() => calls).toBeGreaterThan(before + 1);
      old.agent.destroy();
      await revokeCertificate(plane.admin.asSystem("test"), old.serial);
    },
    close: () => agent.destroy(),
  };
}

/** Lets everybody do what they always do, until stopped. */
function startLoad(gateway: { call(): Promise<void> }) {
  const counts = { passes: 0, launches: 0, gateway: 0 };
  const failures: unknown[] = [];
  let isOver = false;
  const repeat = async (name: keyof typeof counts, act: () => Promise<unknown>) => {
    while (!isOver)
      await act().then(
        () => {
          counts[name] += 1;
        },
        (error: unknown) => void failures.push(`${name}: ${String(error)}`),
      );
  };
  const pass = async () => {
    const asked = new Request("http://localhost:3000/v1/stacks", { headers: { cookie: ann.cookie } });
    const answer = await plane.cloud.handle(asked, testInfo());
    if (answer?.status !== 200) throw new Error(`Cloud got ${answer?.status}.`);
    await answer.text();
  };
  const launch = () => ann.api.tenants.launch({ tenantId: ann.tenant.id });
  const load = [
    ...Array.from({ length: 3 }, () => repeat("passes", pass)),
    repeat("launches", launch),
    repeat("gateway", gateway.call),
  ];
  return {
    counts,
    async stop() {
      isOver = true;
      await Promise.all(load);
      return failures;
    },
  };
}

/** Each step in a process of its own, as if the worker had died after every one. */
async function rotate(
  { steps }: Rotation,
  onWait: (detail: string) => Promise<unknown>,
  between = async (_: number) => {},
) {
  const run = { id: crypto.randomUUID(), startedAt: new Date() };
  const waits: string[] = [];
  for (const [index, step] of steps.entries()) {
    const worker = await plane.openCloud();
    try {
      const deadline = Date.now() + 60_000;
      for (;;) {
        const result = await step.run(worker.asSystem("rotation"), run);
        if (result.isDone) break;
        if (Date.now() > deadline) throw new Error(`${step.name}: ${result.detail}`);
        waits.push(result.detail);
        await onWait(result.detail);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    } finally {
      await worker.close();
    }
    await between(index);
  }
  return waits;
}

const serialInUse = async () => {
  const [row] = await plane.database
    .owner`select certificate_serial from instance_reports where instance_id = ${instanceId}`;
  return row?.certificate_serial as string;
};
const heartbeats = async () => {
  const [row] = await plane.database.owner`select seq::int from instance_reports where instance_id = ${instanceId}`;
  return row?.seq as number;
};

test("a load goes through the change of the CA without one failure", async () => {
  const gateway = await startGateway();
  const [before, serial, beats] = [plane.cloud.authority.fingerprint, await serialInUse(), await heartbeats()];
  stack.warnings.length = 0;
  const load = startLoad(gateway);
  await expect.poll(() => Math.min(...Object.values(load.counts)), { timeout: 20_000 }).toBeGreaterThan(2);
  const waits = await rotate(certificateAuthorityRotation, async (detail) => {
    if (detail.includes("gateway's certificate")) await gateway.renew();
  });
  const after = { ...load.counts };
  // With the old CA gone everything goes on, new connections included.
  await expect.poll(() => load.counts.launches, { timeout: 20_000 }).toBeGreaterThan(after.launches + 3);
  expect(await load.stop()).toEqual([]);
  gateway.close();
  expect(stack.warnings).toEqual([]);
  expect(plane.cloud.authority.fingerprint).not.toBe(before);
  expect(await serialInUse()).not.toBe(serial);
  expect(await heartbeats()).toBeGreaterThan(beats);
  expect(waits.filter((detail) => detail.includes("gateway's certificate"))).toHaveLength(2);
  const cas = await plane.database.owner`select fingerprint from certificate_authorities where retired_at is null`;
  expect(cas.map(({ fingerprint }) => fingerprint)).toEqual([plane.cloud.authority.fingerprint]);
}, 180_000);

test("a load goes through new certificates for the agents without one failure", async () => {
  const gateway = await startGateway();
  const serial = await serialInUse();
  stack.warnings.length = 0;
  const load = startLoad(gateway);
  await rotate(agentCertificatesRotation, async () => {});
  const { launches } = load.counts;
  await expect.poll(() => load.counts.launches, { timeout: 20_000 }).toBeGreaterThan(launches + 3);
  expect(await load.stop()).toEqual([]);
  gateway.close();
  expect(stack.warnings).toEqual([]);
  expect(await serialInUse()).not.toBe(serial);
}, 120_000);

test("the change of the CA goes on when the control plane is ended and started between its steps", async () => {
  const before = plane.admin.authority.fingerprint;
  await plane.database.owner`update service_certificates set revoked_at = now() where service = 'gateway'`;
  const staff = await signInStaff(plane);
  const early = await staff.api.instances.register({ name: "early-token" });
  await rotate(
    certificateAuthorityRotation,
    async () => {},
    async (index) => {
      // After it was made, and after it was activated.
      if (index !== 0 && index !== 2) return;
      const { port } = agents;
      agents.dropPeers(() => true);
      await agents.close();
      await plane.restartAdmin();
      agents = await openAgents(port);
      if (index === 0) return;
      // A token names the CA that issued when it was made: both are taken by an agent that checks whom it talks to.
      const { api } = callAs(plane.admin, { cookie: staff.cookie });
      const late = await api.instances.register({ name: "late-token" });
      expect(late.joinToken.split(".")[1]).not.toBe(early.joinToken.split(".")[1]);
      for (const { joinToken } of [early, late]) await joinOnly(agents.url, joinToken);
      const gone = [early.instance.id, late.instance.id];
      await plane.database
        .owner`update agent_certificates set revoked_at = now() where instance_id = any(${gone}::uuid[])`;
    },
  );
  expect(plane.admin.authority.fingerprint).not.toBe(before);
  const launch = await ann.api.tenants.launch({ tenantId: ann.tenant.id });
  expect(launch.ticket).toEqual(expect.any(String));
}, 180_000);
