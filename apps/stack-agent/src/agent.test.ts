import { afterAll, beforeAll, expect, test } from "vitest";
import { desiredTenant } from "../test/control-plane-double.ts";
import { openTenants, startTestAgent, type TestAgent } from "../test/test-agent.ts";
import { CURRENT_DEFINITION } from "./engine/collections.ts";

let agent: TestAgent;
beforeAll(async () => {
  agent = await startTestAgent();
});
afterAll(() => agent.drop());

test("a new tenant is reported as creating and then as ready, well under two seconds after the hint", async () => {
  const tenant = desiredTenant();
  await agent.controlPlane.reported(({ appliedRevision }) => appliedRevision === 1);
  const startedAt = performance.now();
  await openTenants(agent, [tenant]);
  expect(performance.now() - startedAt).toBeLessThan(1000);
  const states = agent.controlPlane.reports.flatMap(({ tenants }) =>
    tenants.filter(({ tenantId }) => tenantId === tenant.tenantId),
  );
  expect(states.map(({ state }) => state)).toContain("ready");
  expect(states.at(-1)).toEqual({
    tenantId: tenant.tenantId,
    generation: 1,
    state: "ready",
    namespaceVersion: CURRENT_DEFINITION.version,
  });
});
