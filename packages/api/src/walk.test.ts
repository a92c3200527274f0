/** One walk over every procedure: each declares who may call, each is called by those who may not. */
import { randomUUID } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { writeFlags } from "./flags/flags-testing.ts";
import { TOKEN_SCOPES, tokenScopeOf } from "./permissions.ts";
import { proceduresOf } from "./rest.ts";
import { appRouter, type Caller } from "./router.ts";
import {
  bearer,
  callAs,
  createCsr,
  createTestPlane,
  joinHost,
  makeToken,
  type Person,
  signInStaff,
  signUpPerson,
  type TestAgent,
  type TestPlane,
} from "./testing.ts";
import type { ProcedureMeta } from "./trpc.ts";

interface Definition {
  _def: { meta?: ProcedureMeta; inputs: unknown[]; output?: unknown; type: string };
}
const procedures = Object.entries(proceduresOf() as unknown as Record<string, Definition>);
const ofKind = (kind: string) =>
  procedures.filter(([, { _def }]) => _def.meta?.permission?.kind === kind).map(([name]) => name);

let plane: TestPlane;
let ann: Person;
let bob: Person;
let host: TestAgent;
let otherHost: TestAgent;
let viewer: { api: Caller };

beforeAll(async () => {
  plane = await createTestPlane();
  const owner = await signInStaff(plane);
  host = await joinHost(plane, owner, "host-a");
  ann = await signUpPerson(plane, "ann");
  bob = await signUpPerson(plane, "bob");
  await host.applyAll();
  otherHost = await joinHost(plane, owner, "host-b");
  viewer = await signInStaff(plane, "viewer");
  await writeFlags(plane.database, { sims: {} });
});
afterAll(() => plane.close());

const plainFlag = { owner: "core", variants: { on: true, off: false }, defaultVariant: "off" };

/** An input for every procedure, naming Ann's things. A procedure without a line here fails the first test. */
const inputs = (): Record<string, unknown> => ({
  "identity.register": { email: `x-${randomUUID()}@example.com`, password: "correct horse battery" },
  "identity.login": { email: ann.email, password: "not the password" },
  "identity.staffLogin": { email: ann.email, password: "correct horse battery" },
  "identity.logout": undefined,
  "identity.challenge": undefined,
  "identity.confirmSecondFactor": { code: "123456" },
  "identity.staffConfirmSecondFactor": { code: "123456" },
  "identity.updateProfile": { name: "Ann" },
  "identity.sessions": undefined,
  "identity.endSession": { id: randomUUID() },
  "identity.endOtherSessions": undefined,
  "identity.changePassword": { current: "correct horse battery", next: "another horse battery" },
  "identity.requestReset": { email: ann.email },
  "identity.resetPassword": { token: "made-up", password: "correct horse battery" },
  "identity.secondFactor": undefined,
  "identity.beginSecondFactor": { password: "correct horse battery" },
  "identity.enrolment": undefined,
  "identity.enableSecondFactor": { code: "123456" },
  "identity.disableSecondFactor": { code: "123456" },
  "identity.renewRecoveryCodes": { code: "123456" },
  "identity.me": undefined,
  "identity.providers": undefined,
  "identity.connections": undefined,
  "identity.connect": { provider: "nowhere" },
  "identity.disconnect": { issuer: "https://nowhere.example" },
  "identity.staffLogout": undefined,
  "identity.staffMe": undefined,
  "tokens.create": { name: "another" },
  "tokens.list": undefined,
  "tokens.revoke": { id: randomUUID() },
  "tenants.create": { name: "Another lab" },
  "tenants.list": undefined,
  "tenants.get": { slug: ann.tenant.slug },
  "tenants.watch": { slug: ann.tenant.slug },
  "tenants.checkSlug": { slug: "freelab" },
  "tenants.launch": { tenantId: ann.tenant.id },
  "tenants.activity": { slug: ann.tenant.slug },
  "tenants.members": { slug: ann.tenant.slug },
  "tenants.changeRole": { slug: ann.tenant.slug, userId: ann.id, role: "viewer" },
  "tenants.removeMember": { slug: ann.tenant.slug, userId: ann.id },
  "tenants.leave": { slug: ann.tenant.slug },
  "tenants.transferOwnership": { slug: ann.tenant.slug, userId: bob.id, confirmName: "ann lab" },
  "tenants.invitations": { slug: ann.tenant.slug },
  "tenants.invite": { slug: ann.tenant.slug, email: "stranger@example.com" },
  "tenants.resendInvitation": { slug: ann.tenant.slug, invitationId: randomUUID() },
  "tenants.withdrawInvitation": { slug: ann.tenant.slug, invitationId: randomUUID() },
  "tenants.previewInvitation": { token: "unknown" },
  "tenants.acceptInvitation": { token: "unknown" },
  "tenants.search": {},
  "tenants.inspect": { id: ann.tenant.id },
  "instances.list": {},
  "instances.get": { id: host.instanceId },
  "instances.register": { name: "another-host" },
  "instances.createJoinToken": { id: host.instanceId },
  "instances.cordon": { id: host.instanceId },
  "instances.uncordon": { id: host.instanceId },
  "instances.revoke": { id: host.instanceId },
  "instances.remove": { id: host.instanceId },
  "agents.join": {},
  "agents.renew": { csr: "csr" },
  "agents.desired": { revision: 0 },
  "agents.flags": {},
  "agents.report": {
    bootEpoch: 1,
    seq: 1,
    appliedRevision: 0,
    tenants: [],
    orphans: [],
    health: "healthy",
    engine: "postgres",
    capacity: 1,
    versions: { agent: "x", engine: "x" },
  },
  "agents.events": undefined,
  "agents.certificates": undefined,
  "agents.revokeCertificate": { serial: plane.admin.identity.current().serial },
  "flags.list": {},
  "flags.exportFile": undefined,
  "flags.importFile": { file: { flags: {} } },
  "flags.segments": undefined,
  "flags.saveSegment": { key: "staff", logic: { "==": [{ var: "role" }, "staff"] }, version: 0 },
  "flags.removeSegment": { key: "staff" },
  "flags.get": { key: "sims" },
  "flags.save": { key: "another", definition: plainFlag, version: 0 },
  "flags.preview": { key: "another", definition: plainFlag },
  "flags.remove": { key: "sims" },
  "flags.kill": { key: "sims", reason: "It burns" },
  "flags.restore": { key: "sims" },
  "flags.overrides": { key: "sims" },
  "flags.saveOverride": { key: "sims", tenant: ann.tenant.id, variant: "on" },
  "flags.removeOverride": { key: "sims", tenant: ann.tenant.slug },
  "flags.history": { key: "sims" },
  "flags.revert": { key: "sims", version: 1 },
  "flags.changes": {},
  "flags.approveChange": { id: randomUUID() },
  "flags.rejectChange": { id: randomUUID(), reason: "Not now" },
  "flags.cancelChange": { id: randomUUID() },
  "flags.playground": { key: "sims", tenant: ann.tenant.id },
  "flags.usage": { key: "sims" },
  "flags.watch": undefined,
  "flags.rollout": { key: "sims" },
  "flags.push": { tenant: ann.tenant.id },
  "flags.pushByService": { tenant: ann.tenant.id },
  "fleet.overview": undefined,
  "fleet.watch": undefined,
  "audit.list": {},
  "mail.list": undefined,
  "mail.get": { id: randomUUID() },
  "rotations.list": undefined,
  "rotations.watch": undefined,
  "rotations.start": { kind: "encryption-key" },
  "rotations.cancel": { id: randomUUID() },
  "rotations.setPolicy": { kind: "encryption-key", everyDays: 90 },
  "webhooks.list": {},
  "webhooks.secrets": undefined,
  "webhooks.addSecret": { provider: "zitadel", secret: "a secret that Zitadel made".replaceAll(" ", "-") },
  "webhooks.replay": { id: randomUUID() },
});

/** Calls a procedure, reads the first item of a subscription, and gives the error that came. */
async function errorOf(api: Caller, name: string): Promise<ServiceError | null> {
  const [noun, verb] = name.split(".") as [string, string];
  const call = (api as unknown as Record<string, Record<string, (input: unknown) => Promise<unknown>>>)[noun]?.[verb];
  try {
    const result = await call?.(inputs()[name]);
    if (typeof result === "object" && result !== null && Symbol.asyncIterator in result)
      await (result as AsyncIterable<unknown>)[Symbol.asyncIterator]().next();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(ServiceError);
    return error as ServiceError;
  }
}

it("every procedure declares a permission and an output, and this walk knows it", () => {
  for (const [name, { _def }] of procedures) {
    expect(_def.meta?.permission, `${name} has no permission`).toBeDefined();
    expect(_def.output, `${name} has no output schema`).toBeDefined();
    expect(_def.inputs.length, `${name} has no input schema`).toBeGreaterThan(0);
    expect(Object.keys(inputs()), `${name} is not in the walk`).toContain(name);
  }
  expect(Object.keys(appRouter._def.record).sort()).toEqual([
    "agents",
    "audit",
    "flags",
    "fleet",
    "identity",
    "instances",
    "mail",
    "rotations",
    "tenants",
    "tokens",
    "webhooks",
  ]);
});

describe("another tenant's things are not found", () => {
  it.each(ofKind("tenant"))("%s with Ann's homelab, called by Bob", async (name) => {
    const error = await errorOf(bob.api, name);
    expect(error?.code).toBe("NOT_FOUND");
    expect(error?.message).not.toContain(ann.tenant.id);
  });

  it.each(ofKind("tenant"))("%s with Ann's homelab in X-Tenant-ID and in the input, called by Bob", async (name) => {
    const { api } = callAs(plane.cloud, { cookie: bob.cookie, "x-tenant-id": ann.tenant.id });
    expect((await errorOf(api, name))?.code).toBe("NOT_FOUND");
  });

  it("an unknown X-Tenant-ID is not found, one's own is taken by id and by slug", async () => {
    const launch = (selector: string) =>
      callAs(plane.cloud, { cookie: bob.cookie, "x-tenant-id": selector }).api.tenants.launch({});
    await expect(launch(randomUUID())).rejects.toMatchObject({ code: "NOT_FOUND" });
    // The host of this test has no agent behind its address: being refused by the host means that the tenant was found.
    await expect(launch(bob.tenant.id)).rejects.toMatchObject({ code: "UPSTREAM" });
    await expect(launch(bob.tenant.slug)).rejects.toMatchObject({ code: "UPSTREAM" });
  });

  it("an agent gets the tenants of its own instance and cannot speak for others", async () => {
    const mine = await host.api.agents.desired({ revision: 0 });
    expect(mine?.tenants.map((tenant) => tenant.slug).sort()).toEqual([ann.tenant.slug, bob.tenant.slug].sort());
    await otherHost.beat({ tenants: [{ tenantId: ann.tenant.id, generation: 1, state: "failed", error: "not mine" }] });
    expect((await viewer.api.tenants.inspect({ id: ann.tenant.id })).error).toBeNull();
    const others = await otherHost.api.agents.desired({ revision: 99 });
    expect(others?.tenants).toEqual([]);
  });
});

describe("a token", () => {
  // A person may have fifty, and this walk makes more.
  afterEach(() => plane.database.owner`update api_tokens set revoked_at = now() where revoked_at is null`);
  const forPeople = [...ofKind("user"), ...ofKind("tenant")];
  const scopeOf = (name: string) => tokenScopeOf(proceduresOf()[name]?._def.meta);
  const forTokens = forPeople.filter((name) => scopeOf(name) !== undefined);
  const forSessions = forPeople.filter((name) => scopeOf(name) === undefined);

  it.each(forTokens)("%s is refused to a token without its scope, which is named", async (name) => {
    const scope = scopeOf(name);
    const { api } = await makeToken(
      plane,
      ann,
      TOKEN_SCOPES.filter((one) => one !== scope),
    );
    const error = await errorOf(api, name);
    expect(error).toMatchObject({ code: "FORBIDDEN", status: 403, message: expect.stringContaining(scope ?? "?") });
    expect(error?.challenge).toBe(`Bearer error="insufficient_scope", scope="${scope}"`);
  });

  it.each(forTokens)("%s with its scope alone finds one's own homelab and no other", async (name) => {
    const mine = await makeToken(plane, ann, [scopeOf(name)!]);
    // The host of this test has no agent behind its address: being refused by the host means that the call went through.
    expect([undefined, "UPSTREAM"]).toContain((await errorOf(mine.api, name))?.code);
    const foreign = await makeToken(plane, bob, [scopeOf(name)!]);
    if (ofKind("tenant").includes(name)) expect((await errorOf(foreign.api, name))?.code).toBe("NOT_FOUND");
  });

  it.each(forSessions)("%s is for sessions: no token may, whatever its scopes", async (name) => {
    const { api } = await makeToken(plane, ann);
    expect(await errorOf(api, name)).toMatchObject({ code: "FORBIDDEN", status: 403 });
  });

  it.each(forPeople)("%s is refused to an expired token, a revoked one and an unknown one with 401", async (name) => {
    const expired = await makeToken(plane, ann);
    await plane.database.owner`update api_tokens set expires_at = now() where id = ${expired.id}`;
    const revoked = await makeToken(plane, ann);
    await ann.api.tokens.revoke({ id: revoked.id });
    const unknown = callAs(plane.cloud, bearer(`kpat_${"A".repeat(43)}`));
    for (const { api } of [expired, revoked, unknown])
      expect(await errorOf(api, name)).toMatchObject({ status: 401, challenge: 'Bearer error="invalid_token"' });
  });

  it.each(forPeople)("%s is refused for a bad token although a good cookie stands beside it", async (name) => {
    for (const authorization of ["Bearer nonsense", "Bearer", "bearer a b", `Bearer kpat_${"A".repeat(43)}`]) {
      const { api } = callAs(plane.cloud, { cookie: ann.cookie, authorization });
      expect((await errorOf(api, name))?.status).toBe(401);
    }
  });

  it.each(ofKind("staff"))("%s is nothing that a token reaches, on either portal", async (name) => {
    const { secret } = await makeToken(plane, ann);
    await plane.database.owner`update users set staff_role = 'owner' where id = ${ann.id}`;
    try {
      expect((await errorOf(callAs(plane.admin, bearer(secret)).api, name))?.status).toBe(401);
      expect((await errorOf(callAs(plane.cloud, bearer(secret)).api, name))?.code).toBe("NOT_FOUND");
    } finally {
      await plane.database.owner`update users set staff_role = null where id = ${ann.id}`;
    }
  });
});

describe("nobody is let in without what the permission asks for", () => {
  it.each([...ofKind("user"), ...ofKind("tenant")])("%s without a session is refused with 401", async (name) => {
    expect((await errorOf(callAs(plane.cloud).api, name))?.status).toBe(401);
    expect((await errorOf(callAs(plane.cloud, { cookie: "kombify_cloud=forged" }).api, name))?.status).toBe(401);
  });

  it.each(ofKind("staff"))(
    "%s is refused to anybody, to customers on both portals, and to a customer's cookie",
    async (name) => {
      expect((await errorOf(callAs(plane.admin).api, name))?.status).toBe(401);
      expect((await errorOf(ann.api, name))?.code).toBe("NOT_FOUND");
      const customerCookie = ann.cookie.replace("kombify_cloud", "kombify_admin");
      expect((await errorOf(callAs(plane.admin, { cookie: customerCookie }).api, name))?.status).toBe(401);
    },
  );

  const forOperators = [
    "instances.register",
    "instances.createJoinToken",
    "instances.cordon",
    "instances.uncordon",
    "instances.revoke",
    "instances.remove",
    "rotations.start",
    "rotations.cancel",
    "rotations.setPolicy",
    "webhooks.addSecret",
    "webhooks.replay",
    "agents.revokeCertificate",
    "flags.push",
    "flags.importFile",
    "flags.saveSegment",
    "flags.removeSegment",
    "flags.save",
    "flags.remove",
    "flags.kill",
    "flags.restore",
    "flags.saveOverride",
    "flags.removeOverride",
    "flags.revert",
    "flags.approveChange",
    "flags.rejectChange",
    "flags.cancelChange",
  ];
  // Signing out would end the viewer's session for the others.
  const forViewers = ofKind("staff").filter((name) => name !== "identity.staffLogout");
  it.each(forViewers)(
    "%s is what a viewer may do exactly when it changes nothing",
    async (name) => {
      const error = await errorOf(viewer.api, name);
      if (forOperators.includes(name)) expect(error?.code).toBe("FORBIDDEN");
      else expect(error).toBeNull();
    },
    10_000,
  );

  it.each(ofKind("agent"))(
    "%s is refused without a certificate, with an unknown one, and to a service",
    async (name) => {
      expect((await errorOf(callAs(plane.admin).api, name))?.status).toBe(401);
      const forged = callAs(
        plane.admin,
        {},
        { peer: { kind: "instance", instanceId: host.instanceId }, peerSerial: "00ff" },
      );
      expect((await errorOf(forged.api, name))?.status).toBe(401);
      const service = callAs(plane.admin, {}, { peer: { kind: "service", name: "cloud" }, peerSerial: "00ff" });
      expect((await errorOf(service.api, name))?.status).toBe(401);
    },
  );

  it.each(ofKind("service"))(
    "%s is refused without a certificate, with an unknown one, and to agents",
    async (name) => {
      const { peer, peerSerial } = { peer: { kind: "service", name: "cloud" } as const, peerSerial: "00ff" };
      expect((await errorOf(callAs(plane.admin).api, name))?.status).toBe(401);
      expect((await errorOf(callAs(plane.admin, {}, { peer, peerSerial }).api, name))?.status).toBe(401);
      expect((await errorOf(host.api, name))?.status).toBe(401);
    },
  );

  it("a certificate of one instance is nothing in the name of another", async () => {
    const crossed = callAs(
      plane.admin,
      {},
      { peer: { kind: "instance", instanceId: otherHost.instanceId }, peerSerial: host.serial },
    );
    await expect(crossed.api.agents.desired({ revision: 0 })).rejects.toMatchObject({ status: 401 });
  });

  it("a CSR that is not one is refused with the field", async () => {
    await expect(
      host.api.agents.renew({ csr: "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----" }),
    ).rejects.toMatchObject({ code: "INVALID", fields: [{ path: "csr" }] });
    expect((await host.api.agents.renew({ csr: await createCsr() })).instanceId).toBe(host.instanceId);
  });
});
