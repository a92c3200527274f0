/** Whom Cloud takes for the host of a homelab, over real TLS. */
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createTestPlane, issuerOf, leafWith, type TestPlane } from "../testing.ts";
import { createRoot, type Issuer } from "./certificate.ts";

const HOST = "0190a000-0000-7000-8000-000000000001";
const HOST_ID = `spiffe://kombify/instance/${HOST}`;
const CLOUD_ID = "spiffe://kombify/service/cloud";
let plane: TestPlane;
let ours: Issuer;
let server: Server;
let asked = 0;
/** Of each connection: whether it resumed an earlier one. */
const resumed: boolean[] = [];

beforeAll(async () => {
  plane = await createTestPlane();
  ours = await issuerOf(plane);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});
afterAll(() => plane.close());

/** A host that shows a certificate and answers everything. */
async function serve(identity: { key: string; cert: string }): Promise<{ id: string; internalUrl: string }> {
  server = createServer(identity, (_, answer) => {
    asked += 1;
    answer.end("{}");
  });
  server.on("secureConnection", (socket: TLSSocket) => void resumed.push(socket.isSessionReused()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { id: HOST, internalUrl: `https://localhost:${(server.address() as AddressInfo).port}` };
}
const call = async (instance: { id: string; internalUrl: string }) =>
  (await plane.cloud.can.agents.forward(instance, { method: "GET", path: "/v1/stacks", headers: {} })).status;

const cases: [string, () => Promise<{ key: string; cert: string }>][] = [
  ["another instance", () => leafWith(ours, HOST_ID.replace(/1$/, "2"), {})],
  ["another CA", async () => leafWith(await createRoot(), HOST_ID, {})],
  ["a certificate that has ended", () => leafWith(ours, HOST_ID, { lifeMs: -1_000 })],
  ["two SPIFFE ids", () => leafWith(ours, HOST_ID, { uris: [HOST_ID, CLOUD_ID] })],
  ["its id as a common name only", () => leafWith(ours, HOST_ID, { uris: [] })],
  [
    "the id of another trust domain",
    () => leafWith(ours, HOST_ID, { uris: [HOST_ID.replace("kombify", "elsewhere")] }),
  ],
  ["a certificate for clients only", () => leafWith(ours, HOST_ID, { usages: ["1.3.6.1.5.5.7.3.2"] })],
  ["the certificate of a service", async () => plane.cloud.identity.current()],
];
it.each(cases)("a host with %s is told nothing", async (_, identity) => {
  const before = asked;
  await expect(call(await serve(await identity()))).rejects.toMatchObject({ code: "UPSTREAM" });
  expect(asked).toBe(before);
});

it("no connection skips the look at the host: sessions are never resumed", async () => {
  const instance = await serve(await leafWith(ours, HOST_ID, {}));
  resumed.length = 0;
  expect(await call(instance)).toBe(200);
  // More calls at once than there are connections open new ones beside the first, whose session is at hand.
  server.removeAllListeners("request");
  const waiting: ServerResponse[] = [];
  server.on("request", (_, answer: ServerResponse) => {
    waiting.push(answer);
    if (waiting.length === 3) for (const each of waiting) each.end("{}");
  });
  expect(await Promise.all([call(instance), call(instance), call(instance)])).toEqual([200, 200, 200]);
  expect(resumed.length).toBeGreaterThanOrEqual(3);
  expect(resumed).not.toContain(true);
});
