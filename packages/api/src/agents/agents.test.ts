import "reflect-metadata";
import { X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  callAs,
  createCsr,
  createTestPlane,
  joinHost,
  playAgent,
  signInStaff,
  signUpPerson,
  type TestPlane,
} from "../testing.ts";

let plane: TestPlane;
let staff: Awaited<ReturnType<typeof signInStaff>>;
beforeAll(async () => {
  plane = await createTestPlane();
  staff = await signInStaff(plane);
});
afterAll(() => plane.close());

const joinWith = async (token: string, csr?: string) =>
  callAs(plane.admin).api.agents.join({
    token,
    csr: csr ?? (await createCsr()),
    publicUrl: "http://localhost:3100",
    internalUrl: "https://localhost:3101",
    engine: "postgres",
    capacity: 30,
    agentVersion: "test",
  });

describe("joining", () => {
  it("a token works once, also when ten hosts use it at the same moment", async () => {
    const { joinToken } = await staff.api.instances.register({ name: "once" });
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => joinWith(joinToken)));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    await expect(joinWith(joinToken)).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("used already"),
      fields: [{ path: "token" }],
    });
  });

  it("an expired token is refused and says that it expired", async () => {
    const { joinToken, instance } = await staff.api.instances.register({ name: "late" });
    await plane.database.owner`update join_tokens set expires_at = now() where instance_id = ${instance.id}`;
    await expect(joinWith(joinToken)).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("expired"),
    });
  });

  it("a token of another control plane, an invented one and a mistyped one are told apart", async () => {
    const { joinToken } = await staff.api.instances.register({ name: "foreign" });
    const [kind, fingerprint, secret] = joinToken.split(".") as [string, string, string];
    await expect(joinWith([kind, "0".repeat(64), secret].join("."))).rejects.toMatchObject({
      message: expect.stringContaining("another control plane"),
    });
    await expect(joinWith([kind, fingerprint, "A".repeat(43)].join("."))).rejects.toMatchObject({
      message: expect.stringContaining("not known here"),
    });
    await expect(joinWith("kj1.oops")).rejects.toMatchObject({ code: "INVALID", fields: [{ path: "token" }] });
  });

  it("a newer token makes the older one useless, and only hashes are stored", async () => {
    const { joinToken: older, instance } = await staff.api.instances.register({ name: "renewed" });
    const { joinToken: newer } = await staff.api.instances.createJoinToken({ id: instance.id });
    await expect(joinWith(older)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(JSON.stringify(await plane.database.owner`select * from join_tokens`)).not.toContain(newer.split(".")[2]);
    expect((await joinWith(newer)).instanceId).toBe(instance.id);
  });

  it("the subject of the CSR is ignored: the certificate names the instance and nothing else", async () => {
    const { joinToken, instance } = await staff.api.instances.register({ name: "subject" });
    const grant = await joinWith(joinToken);
    const certificate = new X509Certificate(grant.certificate);
    expect(certificate.subjectAltName).toBe(`URI:spiffe://kombify/instance/${instance.id}`);
    expect(certificate.subject).not.toContain("whoever");
    expect(certificate.verify(new X509Certificate(grant.caBundle[0]!).publicKey)).toBe(true);
    const lifetime = certificate.validToDate.getTime() - Date.now();
    expect(lifetime).toBeGreaterThan(23.9 * 3_600_000);
    expect(lifetime).toBeLessThan(24.1 * 3_600_000);
  });

  it("the command on the page gives each host of one machine ports and a home of its own", async () => {
    const commands = [];
    for (const name of ["neighbour-a", "neighbour-b"])
      commands.push((await staff.api.instances.register({ name })).joinCommand);
    const ports = commands.map((command) =>
      /--port (\d+) --internal-port (\d+) --home \.kombify\/neighbour/.exec(command)?.slice(1).map(Number),
    );
    expect(ports[1]![0]! - ports[0]![0]!).toBe(10);
    for (const [open, internal] of ports as [number, number][]) {
      expect(open).toBeGreaterThan(3100);
      expect(internal).toBe(open + 1);
    }
  });

  it("a host that can carry less than staff meant gets its own number", async () => {
    const { joinToken, instance } = await staff.api.instances.register({ name: "small", capacity: 100 });
    await joinWith(joinToken);
    expect((await staff.api.instances.get({ id: instance.id })).capacity).toBe(30);
  });

  it("a connected instance gets no second agent", async () => {
    const host = await joinHost(plane, staff, "taken");
    await expect(staff.api.instances.createJoinToken({ id: host.instanceId })).rejects.toMatchObject({
      code: "PRECONDITION",
    });
  });
});

describe("revoking", () => {
  it("a revoked agent is refused at once, a rejoined one is taken, and the old certificate stays dead", async () => {
    const host = await joinHost(plane, staff, "revoked");
    await host.beat();
    const told: string[] = [];
    plane.admin.onRevoked((id) => told.push(id));
    await staff.api.instances.revoke({ id: host.instanceId });
    await expect(host.beat()).rejects.toMatchObject({ status: 401, message: expect.stringContaining("revoked") });
    await expect.poll(() => told).toEqual([host.instanceId]);
    const { joinToken } = await staff.api.instances.createJoinToken({ id: host.instanceId });
    const again = await playAgent(plane, await joinWith(joinToken));
    expect((await again.beat()).accepted).toBe(true);
    await expect(host.beat()).rejects.toMatchObject({ status: 401 });
  });
});

describe("reports", () => {
  it("only a newer (boot, number) counts", async () => {
    const host = await joinHost(plane, staff, "order");
    const bootEpoch = Date.now() + 1000;
    expect((await host.beat({ bootEpoch, seq: 5, appliedRevision: 7 })).accepted).toBe(true);
    expect((await host.beat({ bootEpoch, seq: 5, appliedRevision: 1 })).accepted).toBe(false);
    expect((await host.beat({ bootEpoch, seq: 4, appliedRevision: 1 })).accepted).toBe(false);
    expect((await host.beat({ bootEpoch: bootEpoch - 1, seq: 99, appliedRevision: 1 })).accepted).toBe(false);
    expect((await staff.api.instances.get({ id: host.instanceId })).appliedRevision).toBe(7);
    expect((await host.beat({ bootEpoch: bootEpoch + 1, seq: 1, appliedRevision: 8 })).accepted).toBe(true);
  });

  it("the words of a failing host are shown to staff, not to the customer, and go when it recovers", async () => {
    await plane.database.owner`update instances set cordoned_at = now()`;
    const host = await joinHost(plane, staff, "failing");
    const ann = await signUpPerson(plane, "unlucky");
    const say = (state: "failed" | "ready", error?: string) =>
      host.beat({ tenants: [{ tenantId: ann.tenant.id, generation: 1, state, ...(error ? { error } : {}) }] });
    await say("failed", "disk full on /var");
    const view = await ann.api.tenants.get({ slug: ann.tenant.slug });
    expect(view.steps[2]).toMatchObject({ key: "namespace", state: "failed" });
    expect(JSON.stringify(view)).not.toContain("disk full");
    expect((await staff.api.tenants.inspect({ id: ann.tenant.id })).error).toBe("disk full on /var");
    await say("ready");
    expect((await ann.api.tenants.get({ slug: ann.tenant.slug })).status).toBe("active");
    expect((await staff.api.tenants.inspect({ id: ann.tenant.id })).error).toBeNull();
  });

  it("a report about an older generation changes nothing", async () => {
    const ann = await signUpPerson(plane, "moved");
    await plane.database.owner`update tenants set generation = 2 where id = ${ann.tenant.id}`;
    const [{ instance_id } = { instance_id: "" }] = await plane.database
      .owner`select instance_id from tenants where id = ${ann.tenant.id}`;
    const { serial } = (
      await plane.database
        .owner`select serial from agent_certificates where instance_id = ${instance_id} and revoked_at is null`
    )[0] as { serial: string };
    const { api } = callAs(
      plane.admin,
      {},
      { peer: { kind: "instance", instanceId: instance_id }, peerSerial: serial },
    );
    await api.agents.report({
      bootEpoch: Date.now() + 60_000,
      seq: 1,
      appliedRevision: 0,
      tenants: [{ tenantId: ann.tenant.id, generation: 1, state: "ready" }],
      orphans: [],
      health: "healthy",
      engine: "postgres",
      capacity: 10,
      versions: { agent: "t", engine: "t" },
    });
    expect((await ann.api.tenants.get({ slug: ann.tenant.slug })).status).toBe("provisioning");
  });
});

describe("the desired document", () => {
  it("is not sent again while the agent has it, and is whole when something changed", async () => {
    const host = await joinHost(plane, staff, "document");
    const { desiredRevision } = await host.beat();
    expect(await host.api.agents.desired({ revision: desiredRevision })).toBeNull();
    const ann = await signUpPerson(plane, "documented");
    const document = await host.api.agents.desired({ revision: desiredRevision });
    expect(document?.tenants.map(({ slug, state, generation }) => ({ slug, state, generation }))).toEqual([
      { slug: ann.tenant.slug, state: "active", generation: 1 },
    ]);
    expect(document?.assertionKeys).toHaveLength(1);
    expect(JSON.stringify(document)).not.toContain('"d"');
  });

  it("a placement reaches a listening agent as a hint with the new revision", async () => {
    await plane.database.owner`update instances set cordoned_at = now()`;
    const host = await joinHost(plane, staff, "listening");
    const hints = (await host.api.agents.events())[Symbol.asyncIterator]();
    const first = await hints.next();
    await signUpPerson(plane, "hinted");
    const second = await hints.next();
    expect(second.value?.revision).toBeGreaterThan(first.value?.revision ?? 0);
    void hints.return?.();
  });
});
