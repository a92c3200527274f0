import { X509Certificate } from "node:crypto";
import { type CertificateGrant, ENGINE_CAPACITY } from "@kombify/agent-contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { issueGatewayCertificate, revokeCertificate } from "../agents/certificates.ts";
import {
  callAs,
  createCsr,
  createTestPlane,
  joinHost,
  playAgent,
  signInStaff,
  type TestAgent,
  type TestPlane,
} from "../testing.ts";
import { agentCertificatesRotation } from "./agent-certificates.ts";
import { certificateAuthorityRotation } from "./certificate-authority.ts";
import type { RotationRun, StepResult } from "./rotation.ts";

const [MAKE, TRUSTED, ACTIVATE, UNUSED, RETIRE] = [0, 1, 2, 3, 4];
let plane: TestPlane;
let staff: Awaited<ReturnType<typeof signInStaff>>;
let rotation: RotationRun;
beforeEach(async () => {
  plane = await createTestPlane({ authorityReloadMs: 50 });
  staff = await signInStaff(plane);
  rotation = { id: crypto.randomUUID(), startedAt: new Date() };
});
afterEach(() => plane.close());

const ctx = () => plane.admin.asSystem("test");
const run = (step: number, of = certificateAuthorityRotation): Promise<StepResult> =>
  of.steps[step]!.run(ctx(), rotation);
const done = (step: number, of = certificateAuthorityRotation) =>
  expect.poll(async () => run(step, of), { timeout: 10_000 }).toMatchObject({ isDone: true });
const waiting = (step: number, words: string, of = certificateAuthorityRotation) =>
  expect.poll(async () => run(step, of)).toMatchObject({ isDone: false, detail: expect.stringContaining(words) });
const rows = () => plane.database.owner`select * from certificate_authorities order by created_at`;
const issuerOf = ({ certificate, caBundle }: Pick<CertificateGrant, "certificate" | "caBundle">) =>
  caBundle.findIndex((ca) => new X509Certificate(certificate).verify(new X509Certificate(ca).publicKey));

/** What a real agent does with a document that names CAs: it says that it trusts them. */
async function trustAll(host: TestAgent): Promise<void> {
  const document = await host.api.agents.desired({ revision: 0 });
  const trustedCas = (document?.caBundle ?? []).map((pem) =>
    new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase(),
  );
  await host.beat({ trustedCas });
}
const renewed = async (host: TestAgent) => playAgent(plane, await host.api.agents.renew({ csr: await createCsr() }));
const joinWith = async (token: string) =>
  callAs(plane.admin).api.agents.join({
    token,
    csr: await createCsr(),
    publicUrl: "http://localhost:3100",
    internalUrl: "https://localhost:3101",
    engine: "postgres",
    capacity: ENGINE_CAPACITY.postgres.max,
    agentVersion: "test",
  });

describe("the change of CA", () => {
  it("goes from A to A and B to B, each step twice, and every process follows", async () => {
    const host = await joinHost(plane, staff, "steady");
    const { fingerprint: a } = plane.admin.authority;
    for (let twice = 0; twice < 2; twice++) await done(MAKE!);
    expect(await rows()).toHaveLength(2);
    const b = (await rows())[1]?.fingerprint as string;
    await expect.poll(() => plane.cloud.identity.current().ca).toHaveLength(2);
    await waiting(TRUSTED!, "steady trust it");
    await trustAll(host);
    for (let twice = 0; twice < 2; twice++) await done(TRUSTED!);
    expect(plane.cloud.authority.fingerprint).toBe(a);

    const own = plane.cloud.identity.current();
    for (let twice = 0; twice < 2; twice++) await done(ACTIVATE!);
    await expect.poll(() => plane.cloud.authority.fingerprint).toBe(b);
    await expect.poll(() => plane.cloud.identity.current().serial).not.toBe(own.serial);
    await waiting(UNUSED!, "steady use a new one");
    const document = await host.api.agents.desired({ revision: 0 });
    expect(Date.parse(document?.renewCertificatesBefore ?? "")).toBeGreaterThan(rotation.startedAt.getTime());
    const next = await renewed(host);
    expect([next.grant.caBundle.length, issuerOf(next.grant)]).toEqual([2, 0]);
    for (let twice = 0; twice < 2; twice++) await done(UNUSED!);

    for (let twice = 0; twice < 2; twice++) await done(RETIRE!);
    await expect.poll(() => plane.cloud.identity.current().ca).toHaveLength(1);
    expect(await rows()).toMatchObject([
      { fingerprint: a, sealed_private_key: "", retired_at: expect.any(Date) },
      { fingerprint: b, retired_at: null },
    ]);
    expect((await next.api.agents.desired({ revision: 0 }))?.caBundle).toHaveLength(1);
    expect(
      await plane.database.owner`select action from audit_events where action like 'agents.%Authority'`,
    ).toHaveLength(3);
  });

  it("a join token of the old CA works until it ends, and the old CA stays until then", async () => {
    const open = await staff.api.instances.register({ name: "late-joiner" });
    const forgotten = await staff.api.instances.register({ name: "forgotten" });
    for (const step of [MAKE, TRUSTED, ACTIVATE]) await done(step!);
    const { joinToken } = await staff.api.instances.register({ name: "new-token" });
    expect(joinToken.split(".")[1]).not.toBe(open.joinToken.split(".")[1]);
    await waiting(UNUSED!, "2 join tokens");
    for (const token of [open.joinToken, joinToken]) {
      const grant = await joinWith(token);
      expect([grant.caBundle.length, issuerOf(grant)]).toEqual([2, 0]);
      await playAgent(plane, grant);
    }
    await waiting(UNUSED!, "1 join tokens");
    await plane.database.owner`update join_tokens set expires_at = now() where instance_id = ${forgotten.instance.id}`;
    await done(UNUSED!);
    await done(RETIRE!);
    await expect(joinWith(open.joinToken)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("an instance that is away is waited for as long as its certificate lives, and named", async () => {
    const host = await joinHost(plane, staff, "gone");
    await plane.database.owner`update instance_reports set connection = 'offline'`;
    await done(MAKE!);
    await waiting(TRUSTED!, "gone (offline)");
    await plane.database.owner`update agent_certificates set not_after = now() where instance_id = ${host.instanceId}`;
    for (const step of [TRUSTED, ACTIVATE, UNUSED, RETIRE]) await done(step!);
  });

  it("a gateway with certificates of before is waited for until it has new ones and the old one is revoked", async () => {
    const first = await issueGatewayCertificate(ctx());
    await done(MAKE!);
    await waiting(TRUSTED!, first.serial);
    const second = await issueGatewayCertificate(ctx());
    expect(second.ca).toHaveLength(2);
    await revokeCertificate(ctx(), first.serial);
    for (const step of [TRUSTED, ACTIVATE]) await done(step!);
    await waiting(UNUSED!, second.serial);
    const third = await issueGatewayCertificate(ctx());
    expect(new X509Certificate(third.cert).verify(new X509Certificate(third.ca[0]!).publicKey)).toBe(true);
    await revokeCertificate(ctx(), second.serial);
    for (const step of [UNUSED, RETIRE]) await done(step!);
  });

  it("can be taken back before the new CA issues, and not after", async () => {
    await done(MAKE!);
    await certificateAuthorityRotation.cancel!(ctx(), rotation);
    expect(await rows()).toHaveLength(1);
    await expect.poll(() => plane.cloud.identity.current().ca).toHaveLength(1);
    rotation.startedAt = new Date();
    for (const step of [MAKE, TRUSTED, ACTIVATE]) await done(step!);
    await expect(certificateAuthorityRotation.cancel!(ctx(), rotation)).rejects.toMatchObject({ code: "PRECONDITION" });
    expect(await rows()).toHaveLength(2);
    rotation.startedAt = new Date(Date.now() + 60_000);
    await expect(run(MAKE!)).rejects.toMatchObject({ code: "PRECONDITION" });
  });

  it("while the CA changes, every certificate is from the one that issued when it was written down", async () => {
    const host = await joinHost(plane, staff, "busy");
    await done(MAKE!);
    await trustAll(host);
    await done(TRUSTED!);
    let isOver = false;
    const grants: CertificateGrant[] = [];
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) grants.push(await host.api.agents.renew({ csr: await createCsr() }));
    });
    const before = grants.length;
    await expect.poll(() => grants.length, { timeout: 20_000 }).toBeGreaterThan(before + 4);
    await run(ACTIVATE!);
    const after = grants.length;
    await expect.poll(() => grants.length, { timeout: 20_000 }).toBeGreaterThan(after + 8);
    isOver = true;
    await Promise.all(load);
    const written = await plane.database.owner<{ serial: string; isNew: boolean }[]>`
      select serial, issued_at >= (select max(activated_at) from certificate_authorities) as "isNew" from agent_certificates`;
    const isNew = new Map(written.map((row) => [row.serial, row.isNew]));
    const [a, b] = (await rows()).map(({ certificate }) => new X509Certificate(certificate));
    for (const { certificate } of grants) {
      const leaf = new X509Certificate(certificate);
      expect(leaf.verify((isNew.get(leaf.serialNumber.toLowerCase()) ? b : a)!.publicKey)).toBe(true);
    }
    expect([...isNew.values()]).toEqual(expect.arrayContaining([true, false]));
  });
});

describe("new certificates for agents", () => {
  it("are waited for until every connected agent uses one", async () => {
    const [host, away] = [await joinHost(plane, staff, "asked"), await joinHost(plane, staff, "away")];
    await plane.database
      .owner`update instance_reports set connection = 'offline' where instance_id = ${away.instanceId}`;
    await plane.database.owner`update agent_certificates set issued_at = issued_at - interval '1 minute'`;
    for (let twice = 0; twice < 2; twice++) await done(0, agentCertificatesRotation);
    await waiting(1, "asked use their new certificates", agentCertificatesRotation);
    expect((await away.api.agents.desired({ revision: 0 }))?.renewCertificatesBefore).toEqual(expect.any(String));
    await renewed(host);
    await done(1, agentCertificatesRotation);
  });
});
