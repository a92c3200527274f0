import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { openTenants, startTestAgent, type TestAgent } from "../../test/test-agent.ts";
import { loadIdentity } from "./identity-store.ts";

let agent: TestAgent;
afterEach(() => agent.drop());

test("certificates are renewed under load without one failed request", async () => {
  agent = await startTestAgent({ certificateLifeMs: 3_000 });
  const tenant = desiredTenant();
  await openTenants(agent, [tenant]);
  const first = (await loadIdentity(agent.home))?.identity;
  await agent.exchange(await agent.controlPlane.sign());
  const headers = { "x-user-id": "person-1", "x-tenant-id": tenant.slug };
  const failures: unknown[] = [];
  let isDone = false;
  let served = 0;
  const load = Array.from({ length: 8 }, async () => {
    while (!isDone) {
      try {
        const { status } = await agent.internal("/v1/stacks", { headers });
        if (status !== 200) failures.push(status);
        served += 1;
      } catch (error) {
        failures.push(error);
      }
    }
  });
  await expect.poll(() => agent.controlPlane.renewals, { timeout: 20_000 }).toBeGreaterThanOrEqual(3);
  isDone = true;
  await Promise.all(load);
  expect(failures).toEqual([]);
  expect(served).toBeGreaterThan(100);
  const last = (await loadIdentity(agent.home))?.identity;
  expect(last?.key).not.toBe(first?.key);
  const seq = agent.controlPlane.reports.map((report) => report.seq);
  expect(seq).toEqual([...seq].sort((a, b) => a - b));
  // What is renewed is what both sides use from then on: a fresh connection sees a certificate that is valid now.
  const { internalPort } = agent.stored.settings;
  const socket = connect({
    port: internalPort,
    host: "127.0.0.1",
    ca: last?.caBundle,
    checkServerIdentity: () => undefined,
  });
  await once(socket, "secureConnect");
  expect(socket.authorized).toBe(true);
  expect(new X509Certificate(last?.certificate ?? "").validToDate.getTime()).toBeGreaterThan(Date.now());
  socket.destroy();
  await openTenants(agent, [desiredTenant()]);
});

test("without its control plane a Stack keeps serving, also after a restart, and catches up by itself", async () => {
  agent = await startTestAgent();
  await openTenants(agent, [desiredTenant()]);
  const cookie = await agent.signIn();
  const page = async () => (await fetch(agent.url, { headers: { cookie } })).text();
  expect(await page()).not.toContain("cannot be reached");
  await agent.controlPlane.stop();
  await expect.poll(page, { timeout: 25_000 }).toContain("Showing the state of");
  await agent.stop();
  await agent.start();
  await expect.poll(page, { timeout: 25_000 }).toContain("Showing the state of");
  const create = await fetch(`${agent.url}/stacks/new`, {
    method: "POST",
    redirect: "manual",
    headers: { cookie, "sec-fetch-site": "same-origin" },
    body: new URLSearchParams({ name: "made while away", mode: "easy" }),
  });
  expect(create.status).toBe(303);
  expect((await fetch(`${agent.url}/ready`)).status).toBe(200);
  const tenant = desiredTenant();
  agent.controlPlane.publish({ tenants: [...agent.controlPlane.document.tenants, tenant] });
  await agent.controlPlane.start();
  await agent.controlPlane.reported((report) =>
    report.tenants.some((t) => t.tenantId === tenant.tenantId && t.state === "ready"),
  );
  await expect.poll(page, { timeout: 15_000 }).not.toContain("Showing the state of");
}, 90_000);

test("a lost hint costs seconds: the answer to a heartbeat says that there is news", async () => {
  agent = await startTestAgent();
  await agent.controlPlane.reported(({ appliedRevision }) => appliedRevision === 1);
  const tenant = desiredTenant();
  const { document } = agent.controlPlane;
  agent.controlPlane.document = { ...document, revision: document.revision + 1, tenants: [tenant] };
  await agent.controlPlane.reported((report) =>
    report.tenants.some((t) => t.tenantId === tenant.tenantId && t.state === "ready"),
  );
});

test("a hint posted to the internal listener fetches the document at once", async () => {
  agent = await startTestAgent();
  await agent.controlPlane.reported(({ appliedRevision }) => appliedRevision === 1);
  const { document } = agent.controlPlane;
  agent.controlPlane.document = { ...document, revision: document.revision + 1 };
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: '{"revision":2}' };
  const startedAt = performance.now();
  expect((await agent.internal("/api/internal/hint", init)).status).toBe(202);
  await agent.controlPlane.reported(({ appliedRevision }) => appliedRevision === 2);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
