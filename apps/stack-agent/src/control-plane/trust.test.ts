/** Whom the internal listener of a host believes, over real TLS. */
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { Agent as HttpsAgent, request } from "node:https";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthority, type Leaf, type LeafOptions, type TestAuthority } from "../../test/certificate-authority.ts";
import { startTestAgent, type TestAgent } from "../../test/test-agent.ts";
import { loadIdentity } from "./identity-store.ts";

const CLOUD = { kind: "service", name: "cloud" } as const;
const CLOUD_ID = "spiffe://kombify/service/cloud";
let agent: TestAgent;
let ours: TestAuthority;
let other: TestAuthority;
const open: HttpsAgent[] = [];
beforeAll(async () => {
  agent = await startTestAgent({ certificateLifeMs: 200_000 });
  ours = agent.controlPlane.authority;
  other = await createAuthority();
});
afterAll(async () => {
  for (const each of open) each.destroy();
  await agent.drop();
});

function callerWith(leaf: Leaf | null): () => Promise<number> {
  const caller = new HttpsAgent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false, ...leaf });
  open.push(caller);
  const { internalPort } = agent.stored.settings;
  return async () => {
    const headers = { "content-type": "application/json" };
    const sent = request(`https://localhost:${internalPort}/api/internal/hint`, {
      agent: caller,
      method: "POST",
      headers,
    });
    const [answer] = await once(sent.end('{"revision":1}'), "response");
    answer.resume();
    return answer.statusCode;
  };
}
const serialOf = ({ cert }: Leaf) => new X509Certificate(cert).serialNumber.toLowerCase();
const fingerprints = (...authorities: TestAuthority[]) => authorities.map(({ fingerprint }) => fingerprint);

test("a service of ours is let in", async () => {
  expect(await callerWith(await ours.issue(CLOUD))()).toBe(202);
});

const cases: [string, () => Promise<Leaf | null>][] = [
  ["without a certificate", async () => null],
  ["with a certificate of another CA", () => other.issue(CLOUD)],
  ["as an instance", () => ours.issue({ kind: "instance", instanceId: crypto.randomUUID() })],
  ["as a service that has no business there", () => ours.issue({ kind: "service", name: "gateway" })],
  ...(
    [
      ["with a certificate that has ended", { lifeMs: -1_000 }],
      ["with two SPIFFE ids", { uris: [CLOUD_ID, "spiffe://kombify/service/admin"] }],
      ["with its id as a common name only", { uris: [] }],
      ["with the id of another trust domain", { uris: ["spiffe://elsewhere/service/cloud"] }],
      ["with a certificate for servers only", { usages: ["1.3.6.1.5.5.7.3.1"] }],
    ] as [string, LeafOptions][]
  ).map(([what, options]): [string, () => Promise<Leaf>] => [what, () => ours.issue(CLOUD, options)]),
];
test.each(cases)("whoever comes %s is refused", async (_, leaf) => {
  expect(await callerWith(await leaf())()).toBe(403);
});

test("a service whose certificate is taken back loses its connection and is refused; its next one is taken", async () => {
  const stolen = await ours.issue(CLOUD);
  const call = callerWith(stolen);
  expect(await call()).toBe(202);
  const [socket] = [open.at(-1)?.sockets, open.at(-1)?.freeSockets].flatMap((all) => Object.values(all ?? {}).flat());
  const closed = once(socket!, "close");
  agent.controlPlane.publish({ revokedServiceSerials: [serialOf(stolen)] });
  await closed;
  expect(await call()).toBe(403);
  expect(await callerWith(await ours.issue(CLOUD))()).toBe(202);
});

test("two CAs are trusted as soon as the document names them, one again when it names one, and a restart forgets nothing", async () => {
  const { controlPlane } = agent;
  const call = callerWith(await other.issue(CLOUD));
  controlPlane.publish({ caBundle: [other.certificate, ours.certificate] });
  await controlPlane.reported(({ trustedCas }) => String(trustedCas) === String(fingerprints(other, ours)));
  // The connection from before was let in as nobody.
  open.at(-1)?.destroy();
  expect(await call()).toBe(202);
  const { identity } = (await loadIdentity(agent.home))!;
  expect(identity.caBundle.map((pem) => new X509Certificate(pem).raw)).toEqual(
    [other, ours].map(({ certificate }) => new X509Certificate(certificate).raw),
  );
  controlPlane.reports.length = 0;
  controlPlane.publish({ caBundle: [ours.certificate] });
  await controlPlane.reported(({ trustedCas }) => String(trustedCas) === String(fingerprints(ours)));
  expect(await call()).toBe(403);
  expect(await callerWith(await ours.issue(CLOUD))()).toBe(202);
});

test("a document without CAs takes none away", async () => {
  const { controlPlane } = agent;
  for (const caBundle of [[], undefined]) {
    controlPlane.publish({ caBundle } as never);
    const { revision } = controlPlane.document;
    const { trustedCas } = await controlPlane.reported(({ appliedRevision }) => appliedRevision === revision);
    expect(trustedCas).toEqual(fingerprints(ours));
  }
});

test("an agent that is asked for a new certificate gets one at once, and once", async () => {
  const { controlPlane } = agent;
  const before = controlPlane.renewals;
  controlPlane.publish({ renewCertificatesBefore: new Date(Date.now() + 60_000).toISOString() });
  await expect.poll(() => controlPlane.renewals, { timeout: 25_000 }).toBe(before + 1);
  const { revision } = controlPlane.document;
  controlPlane.publish({ tenants: [] });
  await controlPlane.reported(({ appliedRevision }) => appliedRevision > revision);
  expect(controlPlane.renewals).toBe(before + 1);
});
