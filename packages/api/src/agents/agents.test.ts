import "reflect-metadata";
import { X509Certificate } from "node:crypto";
import { ENGINE_CAPACITY, type EngineKind, type Report } from "@kombify/agent-contract";
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

const joinWith = async (token: string, csr?: string, more: { engine?: EngineKind; capacity?: number } = {}) =>
  callAs(plane.admin).api.agents.join({
    token,
    csr: csr ?? (await createCsr()),
    publicUrl: "http://localhost:3100",
    internalUrl: "https://localhost:3101",
    engine: "postgres",
    capacity: 30,
    agentVersion: "test",
    ...more,
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

  it("without a number from staff a host has the places that it says, also when it joins again with more", async () => {
    const { joinToken, instance } = await staff.api.instances.register({ name: "open-ended" });
    const { id } = instance;
    expect(instance).toMatchObject({ capacity: 0, capacityLimit: null });
    await joinWith(joinToken);
    expect(await staff.api.instances.get({ id })).toMatchObject({ capacity: 30, capacityLimit: null });
    const { joinToken: again } = await staff.api.instances.createJoinToken({ id });
    await joinWith(again, undefined, { capacity: 400 });
    expect((await staff.api.instances.get({ id })).capacity).toBe(400);
  });

  it("what staff allow holds however often a host joins", async () => {
    const { joinToken, instance } = await staff.api.instances.register({ name: "held", capacity: 40 });
    const { id } = instance;
    await joinWith(joinToken);
    const { joinToken: again } = await staff.api.instances.createJoinToken({ id });
    await joinWith(again, undefined, { capacity: 400 });
    expect(await staff.api.instances.get({ id })).toMatchObject({ capacity: 40, capacityLimit: 40 });
  });

  it("a host that claims more than its engine takes is refused, and its token is not spent", async () => {
    const { joinToken, instance } = await staff.api.instances.register({ name: "boastful" });
    for (const engine of ["pocketbase", "postgres"] as const) {
      const { max } = ENGINE_CAPACITY[engine];
      await expect(joinWith(joinToken, undefined, { engine, capacity: max + 1 })).rejects.toMatchObject({
        code: "INVALID",
        fields: [{ path: "capacity", message: expect.stringContaining(`at most ${max} tenants a host`) }],
      });
    }
    await joinWith(joinToken, undefined, { engine: "pocketbase", capacity: ENGINE_CAPACITY.pocketbase.max });
    expect(await staff.api.instances.get({ id: instance.id })).toMatchObject({ engine: "pocketbase", capacity: 250 });
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

  it("a quarantined tenant is marked, its host's words are for staff, and the trail says when it began and ended", async () => {
    await plane.database.owner`update instances set cordoned_at = now()`;
    const host = await joinHost(plane, staff, "upgrading");
    const ann = await signUpPerson(plane, "damaged");
    const { id, slug } = ann.tenant;
    const say = (tenant: Partial<Report["tenants"][number]>) =>
      host.beat({ tenants: [{ tenantId: id, generation: 1, state: "ready", ...tenant }] });
    await say({ namespaceVersion: 2 });
    expect(await staff.api.tenants.inspect({ id })).toMatchObject({ quarantinedAt: null, namespaceVersion: 2 });
    await say({ state: "quarantined", error: "duplicate key in stacks", namespaceVersion: 2 });
    await say({ state: "quarantined", error: "still the same", namespaceVersion: 2 });
    expect(await staff.api.tenants.inspect({ id })).toMatchObject({
      status: "active",
      quarantinedAt: expect.any(Date),
      error: "still the same",
    });
    const view = await ann.api.tenants.get({ slug });
    expect(view).toMatchObject({ status: "active", isUnderRepair: true });
    expect(JSON.stringify(view)).not.toContain("still the same");
    expect((await staff.api.tenants.search({ status: "quarantined" })).items.map((tenant) => tenant.id)).toEqual([id]);
    const { problems, tenants } = await staff.api.fleet.overview();
    expect(tenants).toMatchObject({ quarantined: 1, failed: 0 });
    expect(problems).toContainEqual(
      expect.objectContaining({
        severity: "critical",
        title: `1 tenant under quarantine: ${slug}`,
        href: `/tenants/${id}`,
      }),
    );
    await say({ namespaceVersion: 3 });
    expect(await staff.api.tenants.inspect({ id })).toMatchObject({
      quarantinedAt: null,
      error: null,
      namespaceVersion: 3,
    });
    expect((await ann.api.tenants.get({ slug })).isUnderRepair).toBe(false);
    const { items } = await staff.api.audit.list({ tenantId: id });
    const actions = items.map(({ action }) => action);
    expect(actions.filter((action) => action === "tenants.quarantine" || action === "tenants.repair")).toEqual([
      "tenants.repair",
      "tenants.quarantine",
    ]);
  });

  it("an agent that says nothing of versions and upgrades keeps working, and takes nothing back", async () => {
    await plane.database.owner`update instances set cordoned_at = now()`;
    const host = await joinHost(plane, staff, "older-agent");
    const ann = await signUpPerson(plane, "patient");
    const { id } = ann.tenant;
    const ready = { tenantId: id, generation: 1, state: "ready" as const };
    await host.beat({ tenants: [ready] });
    expect(await staff.api.tenants.inspect({ id })).toMatchObject({ status: "active", namespaceVersion: null });
    await host.beat({ tenants: [{ ...ready, namespaceVersion: 4 }] });
    await host.beat({ tenants: [{ ...ready, state: "failed", error: "disk full" }] });
    expect(await staff.api.tenants.inspect({ id })).toMatchObject({ error: "disk full", namespaceVersion: 4 });
    expect((await staff.api.instances.get({ id: host.instanceId })).upgrade).toBeNull();
  });

  it("an upgrade is shown as the host tells it, and its history says when it began and how it ended", async () => {
    const host = await joinHost(plane, staff, "upgraded");
    const startedAt = "2026-11-24T08:00:00.000Z";
    const upgrade = { toVersion: 3, total: 100, done: 37, quarantined: 1, startedAt };
    const id = host.instanceId;
    await host.beat({ upgrade: { ...upgrade, done: 0, quarantined: 0 } });
    await host.beat({ upgrade });
    expect((await staff.api.instances.get({ id })).upgrade).toEqual(upgrade);
    const ended = { ...upgrade, done: 99, finishedAt: "2026-11-24T08:05:00.000Z" };
    await host.beat({ upgrade: ended });
    await host.beat({ upgrade: { ...ended, done: 100, quarantined: 0 } });
    const { events } = await staff.api.instances.get({ id });
    expect(events.map(({ kind }) => kind).filter((kind) => kind.startsWith("upgrad"))).toEqual([
      "upgraded",
      "upgrading",
    ]);
    expect(events.find(({ kind }) => kind === "upgraded")?.detail).toContain("99 of 100 done, 1 quarantined");
  });

  it("a host that moved to another engine is shown with it, and the trail says so once", async () => {
    const host = await joinHost(plane, staff, "mover");
    const id = host.instanceId;
    await host.beat({});
    for (let beats = 0; beats < 2; beats++) await host.beat({ engine: "pocketbase" });
    const instance = await staff.api.instances.get({ id });
    expect(instance.engine).toBe("pocketbase");
    const detail = "From PostgreSQL to PocketBase";
    expect(instance.events.filter(({ kind }) => kind === "moved")).toMatchObject([{ detail }]);
    const trail = await plane.database
      .owner`select summary, actor_kind as actor from audit_events where action = 'instances.moveEngine' and target_id = ${id}`;
    await plane.database.owner`update instances set cordoned_at = now() where id = ${id}`;
    expect([...trail]).toEqual([{ summary: "mover moved from PostgreSQL to PocketBase", actor: "agent" }]);
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

  it("names the members of each tenant, and whom it has to sign out after a log-out: the one session, once", async () => {
    const host = await joinHost(plane, staff, "signing-out", 1);
    const elsewhere = await joinHost(plane, staff, "not-concerned");
    await plane.database.owner`update instances set cordoned_at = now() where id <> ${host.instanceId}`;
    const ann = await signUpPerson(plane, "leaver");
    await host.applyAll();
    const [session] = await plane.database.owner`select public_id from sessions where user_id = ${ann.id}`;
    await plane.database
      .owner`insert into oidc_identities (issuer, subject, user_id) values ('https://idp.example', '42', ${ann.id})`;
    const before = await host.api.agents.desired({ revision: 0 });
    expect(before?.tenants[0]?.members).toEqual([
      { subject: ann.id, role: "owner", identities: [{ issuer: "https://idp.example", subject: "42" }] },
    ]);
    expect(before?.sessionEndings).toEqual([]);
    await ann.api.identity.logout();
    const after = await host.api.agents.desired({ revision: before?.revision ?? 0 });
    expect(after?.sessionEndings).toEqual([
      { tenantId: ann.tenant.id, subject: ann.id, sid: session?.public_id, before: expect.any(String) },
    ]);
    expect(Math.abs(Date.parse(after?.sessionEndings?.[0]?.before ?? "") - Date.now())).toBeLessThan(60_000);
    expect((await elsewhere.api.agents.desired({ revision: 999 }))?.sessionEndings).toEqual([]);
    // No session of a Stack lives longer than half a day, so nobody has to be told of an older log-out.
    await plane.database.owner`update session_endings set ended_at = now() - interval '12 hours 1 second'`;
    expect((await host.api.agents.desired({ revision: 0 }))?.sessionEndings).toEqual([]);
    await plane.database.owner`update instances set cordoned_at = null`;
  });

  it("a placement reaches a listening agent as a hint with the new revision", async () => {
    await plane.database.owner`update instances set cordoned_at = now()`;
    const host = await joinHost(plane, staff, "listening");
    const hints = (await host.api.agents.events())[Symbol.asyncIterator]();
    const first = await hints.next();
    expect(first.value).toMatchObject({ event: "hint" });
    const flags = await hints.next();
    expect(flags.value).toMatchObject({ event: "flags", data: { etag: expect.any(String) } });
    await signUpPerson(plane, "hinted");
    const more = [(await hints.next()).value, (await hints.next()).value];
    const hint = more.find((event) => event?.event === "hint");
    expect(hint?.data).not.toEqual(first.value?.data);
    // The homelab is new here, and so are its flags.
    expect(more.find((event) => event?.event === "flags")?.data.etag).not.toBe(flags.value?.data.etag);
    void hints.return?.();
  });
});
