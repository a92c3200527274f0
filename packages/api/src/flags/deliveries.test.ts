/** What hosts say that they have: reported, pushed, and shown. The host's listener is played by a server with real mTLS. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import { type FlagDocument, peerOfCertificate } from "@kombify/agent-contract";
import type { Change } from "@kombify/db";
import { checkEnvelope, checkFlags } from "@kombify/flags";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  callAs,
  createTestPlane,
  issuerOf,
  joinHost,
  leafWith,
  type Person,
  signInStaff,
  signUpPerson,
  type TestAgent,
  type TestPlane,
} from "../testing.ts";
import { writeFlags } from "./flags-testing.ts";
import { pruneFlagDocuments } from "./prune-documents.ts";

let plane: TestPlane;
let staff: Awaited<ReturnType<typeof signInStaff>>;
let host: TestAgent;
let elsewhere: TestAgent;
let ann: Person;
let bob: Person;
let server: Server;
/** What the agent was sent, by whom, and what it answers. */
let received: { body: FlagDocument; peer: unknown; tenant: unknown }[] = [];
let answer: (body: FlagDocument) => { status: number; body: unknown };

beforeAll(async () => {
  plane = await createTestPlane();
  staff = await signInStaff(plane);
  host = await joinHost(plane, staff, "host-a");
  ann = await signUpPerson(plane, "ann");
  bob = await signUpPerson(plane, "bob");
  await host.applyAll();
  elsewhere = await joinHost(plane, staff, "host-b");
  await writeFlags(plane.database, { sims: {} });

  const issuer = await issuerOf(plane);
  const identity = await leafWith(issuer, `spiffe://kombify/instance/${host.instanceId}`, {});
  const tls = { ...identity, ca: host.grant.caBundle, requestCert: true, rejectUnauthorized: true };
  server = createServer(tls, async (asked: IncomingMessage, reply: ServerResponse) => {
    const body = JSON.parse(await text(asked)) as FlagDocument;
    const peer = peerOfCertificate((asked.socket as TLSSocket).getPeerCertificate());
    received.push({ body, peer, tenant: asked.headers["x-tenant-id"] });
    const { status, body: words } = answer(body);
    reply.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(words));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const internalUrl = `https://localhost:${(server.address() as AddressInfo).port}`;
  await plane.database.owner`update instances set internal_url = ${internalUrl} where id = ${host.instanceId}`;
});
beforeEach(() => {
  received = [];
  answer = ({ revision, digest }) => ({ status: 200, body: { revision, digest, applied: true } });
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await plane.close();
});

const documentOf = async (person: Person) => (await plane.admin.can.flagDocuments.of(person.tenant.id)).document;
const deliveryOf = async (person: Person) => {
  const [row] = await plane.database.owner`
    select instance_id as "instanceId", revision::float8 as revision, digest, error, acknowledged_at as "acknowledgedAt"
    from flag_deliveries where tenant_id = ${person.tenant.id}`;
  return row;
};
type Said = { revision: number; digest: string; error?: string };
const say = (agent: TestAgent, said: [Person, Said][], generation = 1) =>
  agent.beat({
    appliedRevision: 1,
    tenants: said.map(([person, flags]) => ({
      tenantId: person.tenant.id,
      generation,
      state: "ready" as const,
      flags,
    })),
  });
const ofHost = async (name: string) =>
  (await staff.api.flags.rollout({ key: "sims" })).instances.find((instance) => instance.name === name);

describe("a report", () => {
  it("says what is stored, once: the same again writes nothing and tells nobody", async () => {
    const { revision, digest } = await documentOf(ann);
    const told: Change[] = [];
    const stop = plane.admin.can.changes.on((change) => {
      if (change.noun === "flag-deliveries" || change.noun === "instances") told.push(change);
    });
    await say(host, [[ann, { revision, digest }]]);
    const first = await deliveryOf(ann);
    expect(first).toMatchObject({ instanceId: host.instanceId, revision, digest, error: null });
    await say(host, [[ann, { revision, digest }]]);
    expect(await deliveryOf(ann)).toEqual(first);
    const beats = () => told.filter(({ noun }) => noun === "instances").length;
    await vi.waitFor(() => expect(beats()).toBe(2));
    expect(told.filter(({ noun }) => noun === "flag-deliveries")).toEqual([
      { noun: "flag-deliveries", id: ann.tenant.id },
    ]);
    await say(host, [
      [ann, { revision, digest: "a".repeat(64) }],
      [bob, { revision, digest: "b".repeat(64) }],
    ]);
    await vi.waitFor(() => expect(told.at(-1)).toEqual({ noun: "flag-deliveries", id: "*" }));
    stop();
  });

  it("keeps what went wrong beside what is stored, and since when that is stored", async () => {
    const { revision, digest } = await documentOf(ann);
    await say(host, [[ann, { revision, digest }]]);
    const before = await deliveryOf(ann);
    await say(host, [[ann, { revision, digest, error: "The flags are damaged." }]]);
    expect(await deliveryOf(ann)).toEqual({ ...before, error: "The flags are damaged." });
    expect((await ofHost("host-a"))?.error).toBe("The flags are damaged.");
    await say(host, [[ann, { revision, digest }]]);
    expect(await deliveryOf(ann)).toEqual(before);
  });

  it("of another host's tenant, or of an earlier stay, changes nothing", async () => {
    const before = await deliveryOf(ann);
    await say(elsewhere, [[ann, { revision: 1, digest: "f".repeat(64) }]]);
    await say(host, [[ann, { revision: 1, digest: "f".repeat(64) }]], 7);
    expect(await deliveryOf(ann)).toEqual(before);
  });
});

describe("the rollout", () => {
  it("counts who is behind the flag's last change, and believes in documents alone", async () => {
    for (const person of [ann, bob]) await say(host, [[person, await documentOf(person)]]);
    expect(await ofHost("host-a")).toMatchObject({
      tenants: 2,
      behind: 0,
      error: null,
      acknowledgedAt: expect.any(Date),
    });
    expect(await ofHost("host-b")).toBeUndefined();
    const now = await documentOf(ann);
    const revision = await writeFlags(plane.database, { sims: { variant: "off" } });
    expect(await staff.api.flags.rollout({ key: "sims" })).toMatchObject({ revision });
    expect(await ofHost("host-a")).toMatchObject({ tenants: 2, behind: 2 });
    await vi.waitFor(async () => expect((await documentOf(ann)).revision).toBe(now.revision + 1));
    await say(host, [[ann, await documentOf(ann)]]);
    expect(await ofHost("host-a")).toMatchObject({ behind: 1 });
    // Another flag's change leaves this one where it is.
    await writeFlags(plane.database, { other: {} });
    expect(await ofHost("host-a")).toMatchObject({ behind: 1 });
    await say(host, [[bob, { revision: now.revision + 100, digest: "e".repeat(64) }]]);
    expect(await ofHost("host-a")).toMatchObject({ behind: 1 });
    await expect(staff.api.flags.rollout({ key: "unheard-of" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("forgets what a host had of a tenant that has left it", async () => {
    for (const person of [ann, bob]) await say(host, [[person, await documentOf(person)]]);
    const { owner } = plane.database;
    await owner`update tenants set instance_id = ${elsewhere.instanceId} where id = ${bob.tenant.id}`;
    expect(await ofHost("host-a")).toMatchObject({ tenants: 1, behind: 0 });
    expect(await ofHost("host-b")).toMatchObject({ tenants: 1, behind: 1, acknowledgedAt: null });
    await owner`update tenants set instance_id = ${host.instanceId} where id = ${bob.tenant.id}`;
  });
});

describe("a push", () => {
  const push = (tenant: string) => staff.api.flags.push({ tenant });

  it("hands the whole document over as ourselves, and says what the host has stored", async () => {
    const document = await documentOf(ann);
    await plane.database.owner`delete from flag_deliveries`;
    expect(await push(ann.tenant.slug)).toEqual({
      revision: document.revision,
      digest: document.digest,
      applied: true,
    });
    expect(received).toEqual([{ body: document, peer: { kind: "service", name: "admin" }, tenant: ann.tenant.id }]);
    const { flags, ...envelope } = received[0]!.body;
    expect(checkEnvelope(received[0]!.body, ann.tenant.id)).toEqual({ envelope });
    expect(checkFlags(envelope.flagsDigest, flags)).not.toHaveProperty("refusal");
    expect(await deliveryOf(ann)).toMatchObject({ revision: document.revision, instanceId: host.instanceId });
    const [line] = (await staff.api.audit.list({ action: "flags.push" })).items;
    expect(line).toMatchObject({ actorKind: "staff", targetId: ann.tenant.id, tenantSlug: ann.tenant.slug });
    await expect(push("nobody")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("that the host refuses is an error with its words, and nothing is acknowledged", async () => {
    await plane.database.owner`delete from flag_deliveries`;
    const detail = "Revision 3 is older than revision 9, which this host has. Send a newer one.";
    answer = () => ({ status: 409, body: { code: "CONFLICT", status: 409, detail, currentRevision: 9 } });
    await expect(push(ann.tenant.id)).rejects.toMatchObject({
      code: "UPSTREAM",
      status: 502,
      message: `The host did not take the flags and answered 409: ${detail} It keeps revision 9.`,
    });
    answer = () => ({ status: 200, body: "<html>" });
    await expect(push(ann.tenant.id)).rejects.toMatchObject({ code: "UPSTREAM" });
    answer = ({ digest }) => ({ status: 200, body: { revision: 1, digest, applied: true } });
    await expect(push(ann.tenant.id)).rejects.toMatchObject({
      code: "UPSTREAM",
      message: expect.stringContaining("says that it has revision 1"),
    });
    expect(await deliveryOf(ann)).toBeUndefined();
  });

  it("to a host that is away is an error, and to a homelab without one not possible", async () => {
    const { owner } = plane.database;
    await owner`update tenants set instance_id = ${elsewhere.instanceId} where id = ${bob.tenant.id}`;
    await owner`update instances set internal_url = 'https://localhost:1' where id = ${elsewhere.instanceId}`;
    await expect(push(bob.tenant.id)).rejects.toMatchObject({ code: "UPSTREAM", status: 502 });
    await owner`update tenants set instance_id = null where id = ${bob.tenant.id}`;
    await expect(push(bob.tenant.id)).rejects.toMatchObject({ code: "PRECONDITION" });
    await owner`update tenants set instance_id = ${host.instanceId} where id = ${bob.tenant.id}`;
  });

  it("is for our own services too, by their certificate, with the form of existing callers", async () => {
    const { serial } = plane.cloud.identity.current();
    const as = (name: "cloud" | "gateway", peerSerial: string) =>
      callAs(plane.admin, {}, { peer: { kind: "service", name }, peerSerial }).api.flags;
    const flags = [{ key: "sims", enabled: false, reason: "maintenance" }];
    answer = () => ({ status: 200, body: { revision: 0, digest: "0".repeat(64), applied: true } });
    expect(await as("cloud", serial).pushByService({ tenant: ann.tenant.slug, flags, full: true })).toMatchObject({
      revision: 0,
      applied: true,
    });
    expect(received[0]).toMatchObject({ body: { flags, full: true }, tenant: ann.tenant.id });
    expect(await deliveryOf(ann)).toBeUndefined();
    const [line] = (await staff.api.audit.list({ action: "flags.push" })).items;
    expect(line).toMatchObject({ actorKind: "system", actorName: "service cloud" });

    const input = { tenant: ann.tenant.slug };
    const refused = [
      as("cloud", "00ff"),
      as("gateway", (await plane.admin.authority.issueService("gateway")).serial),
      // Its own serial, in another service's name.
      as("gateway", serial),
      callAs(plane.admin, {}, { peer: { kind: "instance", instanceId: host.instanceId }, peerSerial: host.serial }).api
        .flags,
      callAs(plane.admin).api.flags,
    ];
    for (const caller of refused) await expect(caller.pushByService(input)).rejects.toMatchObject({ status: 401 });
    await staff.api.agents.revokeCertificate({ serial });
    await expect(as("cloud", serial).pushByService(input)).rejects.toMatchObject({
      status: 401,
      message: expect.stringContaining("revoked"),
    });
  });
});

it("old documents go, the newest stay with their contents, also while others are written", async () => {
  const { owner } = plane.database;
  for (let turn = 0; turn < 25; turn++) {
    const revision = await writeFlags(plane.database, { sims: { variants: { on: `turn ${turn}` } } });
    await vi.waitFor(async () => expect((await documentOf(ann)).flags.sims?.variants.on).toBe(`turn ${turn}`));
    expect(revision).toBeGreaterThan(0);
  }
  const writing = Promise.all([writeFlags(plane.database, { sims: {} }), documentOf(bob)]);
  await Promise.all([writing, pruneFlagDocuments(plane.admin.asSystem("test")), documentOf(ann)]);
  const counts = await owner`select count(*)::int as n from flag_documents group by tenant_id order by n desc`;
  expect(counts[0]?.n).toBeLessThanOrEqual(21);
  const [orphans] = await owner`
    select (select count(*)::int from flag_contents c where not exists (select from flag_documents d where d.flags_digest = c.digest)) as contents,
      (select count(*)::int from flag_documents where tenant_id = ${ann.tenant.id} and digest = ${(await documentOf(ann)).digest}) as current`;
  expect(orphans).toEqual({ contents: 0, current: 1 });
});
