/** The keys that sign launches, exchanged while people launch. */
import { randomUUID } from "node:crypto";
import { ASSERTION_TTL_SECONDS, type DesiredState, KOMBIFY_ISSUER } from "@kombify/agent-contract";
import { decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ControlPlane } from "../control-plane.ts";
import { createTestPlane, joinHost, signInStaff, type TestAgent, type TestPlane } from "../testing.ts";
import { runRotation } from "./run-rotation.ts";
import { cancelRotation, startRotation } from "./service.ts";
import { createSigningKeysRotation } from "./signing-keys.ts";
import { readRotation } from "./views.ts";

// Assertions of the test are verified at once; the overlap has to be longer than a call takes.
const kinds = [createSigningKeysRotation({ lookMs: 20, patienceMs: 60_000, overlapMs: 2_000 })];
const impatient = [createSigningKeysRotation({ lookMs: 20, patienceMs: 100, overlapMs: 100 })];
let plane: TestPlane;
let staff: Awaited<ReturnType<typeof signInStaff>>;
let host: TestAgent;
const ctx = () => plane.admin.asSystem("test");

beforeAll(async () => {
  plane = await createTestPlane();
  staff = await signInStaff(plane);
  host = await joinHost(plane, staff, "sign-host");
});
afterAll(() => plane.close());

const step = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const view = async (id: string, of = kinds) => {
  const rotation = await readRotation(ctx(), id, of);
  if (!rotation) throw new Error("There is no such rotation.");
  return rotation;
};
async function finish(id: string, of = kinds): Promise<void> {
  while (!(await view(id, of)).finishedAt) {
    await runRotation(ctx(), { id }, of);
    const { error } = await view(id, of);
    if (error) throw new Error(error);
    await step(20);
  }
}
const begin = async (of = kinds) => (await startRotation(ctx(), { kind: "signing-keys" }, of)).id;

/** A revision that no document has, so that the first pull brings one also where nothing was ever desired. */
const NONE_YET = 1_000_000;

/** What an agent does: pulls in its own time, verifies with the keys of the document that it has. */
function playStack(agent: TestAgent, pullEveryMs: number) {
  let document: DesiredState | null = null;
  let isOver = false;
  const pull = async () => {
    document = (await agent.api.agents.desired({ revision: document?.revision ?? NONE_YET })) ?? document;
    await agent.beat({ appliedRevision: document?.revision ?? 0 });
  };
  const ready = pull();
  const loop = (async () => {
    await ready;
    while (!isOver) {
      await step(pullEveryMs);
      await pull();
    }
  })();
  return {
    ready,
    keys: () => document?.assertionKeys.map(({ kid }) => kid) ?? [],
    /** @throws what apps/stack-agent/src/sso/assertion.ts would refuse. */
    async verify(assertion: string) {
      const { kid } = decodeProtectedHeader(assertion);
      const jwk = document?.assertionKeys.find((known) => known.kid === kid);
      if (!jwk) throw new Error(`The key ${kid} is not one that this Stack knows.`);
      await jwtVerify(assertion, await importJWK(jwk, "EdDSA"), {
        algorithms: ["EdDSA"],
        issuer: KOMBIFY_ISSUER,
        audience: agent.instanceId,
        maxTokenAge: ASSERTION_TTL_SECONDS,
        clockTolerance: 5,
        requiredClaims: ["exp", "iat", "jti"],
      });
      return kid;
    },
    stop: async () => {
      isOver = true;
      await loop;
    },
  };
}

const sign = (process: ControlPlane, instanceId: string) => {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: KOMBIFY_ISSUER,
    aud: instanceId,
    jti: randomUUID(),
    iat: now,
    exp: now + ASSERTION_TTL_SECONDS,
  };
  return process.can.signer.sign(claims);
};

it("launches from several processes to several Stacks go on through the exchange without one failure", async () => {
  const slow = await joinHost(plane, staff, "slow-host");
  const stacks = [playStack(host, 30), playStack(slow, 300)];
  await Promise.all(stacks.map((stack) => stack.ready));
  const processes = [plane.cloud, await plane.openCloud()];
  const failures: unknown[] = [];
  const kids = new Set<string | undefined>();
  let launches = 0;
  let isOver = false;
  const load = processes.flatMap((process) =>
    [host, slow].map(async (agent, index) => {
      while (!isOver) {
        try {
          kids.add(await stacks[index]?.verify(await sign(process, agent.instanceId)));
          launches++;
        } catch (error) {
          failures.push(error);
        }
        await step(5);
      }
    }),
  );
  await step(100);
  await finish(await begin());
  await step(400);
  isOver = true;
  await Promise.all(load);
  expect(failures).toEqual([]);
  expect(launches).toBeGreaterThan(300);
  // Both signed, and in the end the old one is known to nobody.
  expect(kids.size).toBe(2);
  const [key, ...others] = await plane.database.owner`select kid from signing_keys where retired_at is null`;
  expect(others).toEqual([]);
  for (const stack of stacks) expect(stack.keys()).toEqual([key?.kid]);
  await Promise.all(stacks.map((stack) => stack.stop()));
  await processes[1]?.close();
}, 90_000);

it("no launch is signed with the new key while a Stack that takes part does not know it", async () => {
  const before = decodeProtectedHeader(await sign(plane.cloud, host.instanceId)).kid;
  const id = await begin();
  for (let looks = 0; looks < 5; looks++) {
    await runRotation(ctx(), { id }, kinds);
    await step(30);
  }
  const waiting = (await view(id)).steps[1];
  expect(waiting).toMatchObject({ state: "waiting", detail: expect.stringContaining("sign-host") });
  expect(decodeProtectedHeader(await sign(plane.cloud, host.instanceId)).kid).toBe(before);
  // It is in the document that the Stack would pull.
  const document = await host.api.agents.desired({ revision: 0 });
  expect(document?.assertionKeys).toHaveLength(2);

  await cancelRotation(ctx(), { id }, kinds);
  await runRotation(ctx(), { id }, kinds);
  expect((await view(id)).finishedAt).not.toBeNull();
  expect((await host.api.agents.desired({ revision: 0 }))?.assertionKeys.map(({ kid }) => kid)).toEqual([before]);
});

it("a Stack that is away is said, waited for, and passed over; one that is there and does not apply stops it", async () => {
  await plane.database.owner`update instance_reports set connection = 'offline'`;
  const id = await begin(impatient);
  await finish(id, impatient);
  expect((await view(id, impatient)).steps[1]?.detail).toMatch(/Not waited for any longer: .*sign-host \(offline\)/);

  await plane.database.owner`update instance_reports set connection = 'connected'`;
  const stuck = await begin(impatient);
  await expect(finish(stuck, impatient)).rejects.toThrow(/sign-host.*has not applied/);
  await expect(cancelRotation(ctx(), { id: stuck }, impatient)).resolves.toBeUndefined();
});
