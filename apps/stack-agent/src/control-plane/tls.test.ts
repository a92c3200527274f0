import type { Peer } from "@kombify/agent-contract";
import { createLogger, createShell, type Listener, listen } from "@kombify/server";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { createAuthority, type LeafOptions } from "../../test/certificate-authority.ts";
import { callControlPlane } from "./http.ts";
import { serviceAgent } from "./tls.ts";

let listener: Listener;
afterEach(() => listener.close());

const log = createLogger({ name: "test", level: "silent" });

/** A server with a certificate for this peer, and a call to it by somebody who expects the control plane. */
async function callServerOf(peer: Peer, isOurCa = true, options: LeafOptions = {}): Promise<unknown> {
  const authority = await createAuthority();
  const trusted = isOurCa ? authority : await createAuthority();
  const { key, cert } = await authority.issue(peer, options);
  const { app } = createShell({ name: "test", version: "0", log, checks: {}, exposeMetrics: false });
  app.get("/answer", (c) => c.json({ ok: true }));
  listener = await listen({ fetch: app.fetch, port: 0, tls: { key, cert, ca: [authority.certificate] } });
  const dispatcher = serviceAgent({ caBundle: [trusted.certificate] }, "admin");
  try {
    return await callControlPlane(dispatcher, `${listener.url}/answer`, z.object({ ok: z.boolean() }));
  } finally {
    await dispatcher.destroy();
  }
}

test("the control plane is known by its SPIFFE id, whatever its host name", async () => {
  expect(await callServerOf({ kind: "service", name: "admin" })).toEqual({ ok: true });
});

test("another service, another host, and another CA cannot pose as the control plane", async () => {
  const refused = { code: "UPSTREAM" };
  await expect(callServerOf({ kind: "service", name: "cloud" })).rejects.toMatchObject(refused);
  await listener.close();
  await expect(callServerOf({ kind: "instance", instanceId: crypto.randomUUID() })).rejects.toMatchObject(refused);
  await listener.close();
  await expect(callServerOf({ kind: "service", name: "admin" }, false)).rejects.toMatchObject(refused);
});

test.each<[string, LeafOptions]>([
  ["has ended", { lifeMs: -1_000 }],
  ["names two services", { uris: ["spiffe://kombify/service/admin", "spiffe://kombify/service/cloud"] }],
  ["has the name as a common name only", { uris: [] }],
  ["is of another trust domain", { uris: ["spiffe://elsewhere/service/admin"] }],
  ["is for clients only", { usages: ["1.3.6.1.5.5.7.3.2"] }],
])("a control plane whose certificate %s is not spoken to", async (_, options) => {
  await expect(callServerOf({ kind: "service", name: "admin" }, true, options)).rejects.toMatchObject({
    code: "UPSTREAM",
  });
});

test("a CA that was changed while the host was away is named as the reason, with what to do", async () => {
  const words = expect.stringContaining("join again");
  await expect(callServerOf({ kind: "service", name: "admin" }, false)).rejects.toMatchObject({ message: words });
});
