/** A control plane on a database of its own, for tests; and the people, hosts and heartbeats that a test needs. */
import "reflect-metadata";
import { randomBytes, randomUUID } from "node:crypto";
import { type CertificateGrant, ENGINE_CAPACITY, type Report } from "@kombify/agent-contract";
import { createTestDatabase, type TestDatabase } from "@kombify/db/testing";
import { createLogger } from "@kombify/server";
import * as x509 from "@peculiar/x509";
import { exportPrivateKey, generateKeys, type Issuer, importPrivateKey } from "./agents/certificate.ts";
import type { Audience, RequestInfo } from "./context.ts";
import { type ControlPlane, type ControlPlaneOptions, createControlPlane } from "./control-plane.ts";
import { seedStaff } from "./identity/service.ts";
import { TOKEN_SCOPES, type TokenScope } from "./permissions.ts";
import type { Caller } from "./router.ts";

export { openTestIssuer, type TestIssuer } from "./identity/testing-issuer.ts";
export { agentCertificatesRotation } from "./rotations/agent-certificates.ts";
export { certificateAuthorityRotation } from "./rotations/certificate-authority.ts";

export interface TestPlane {
  database: TestDatabase;
  cloud: ControlPlane;
  admin: ControlPlane;
  /** Ends the process of the Admin center and starts another one. */
  restartAdmin(): Promise<void>;
  /** One more web process of the Cloud portal; the caller closes it. */
  openCloud(): Promise<ControlPlane>;
  close(): Promise<void>;
}

export const testLog = createLogger({ name: "test", level: "silent" });

export async function createTestPlane(options: Partial<ControlPlaneOptions> = {}): Promise<TestPlane> {
  const database = await createTestDatabase();
  const open = (audience: Audience) =>
    createControlPlane({
      databaseUrl: database.urls.web,
      encryptionKey: ENCRYPTION_KEY,
      audience,
      log: testLog,
      cloudUrl: "http://localhost:3000",
      adminUrl: "http://localhost:3001",
      agentApiUrl: "https://localhost:3002",
      secureCookies: false,
      limits: {
        register: { points: 10_000, seconds: 60 },
        login: { points: 20, seconds: 60 },
        join: { points: 10_000, seconds: 60 },
        reset: { points: 10_000, seconds: 60 },
        "second-factor": { points: 10_000, seconds: 60 },
        invitation: { points: 10_000, seconds: 60 },
      },
      ...options,
    });
  const cloud = await open("cloud");
  const plane: TestPlane = {
    database,
    cloud,
    admin: await open("admin"),
    restartAdmin: async () => {
      await plane.admin.close();
      plane.admin = await open("admin");
    },
    openCloud: () => open("cloud"),
    close: async () => {
      await Promise.all([cloud.close(), plane.admin.close()]);
      await database.drop();
    },
  };
  return plane;
}
const ENCRYPTION_KEY = randomBytes(32).toString("base64");

export const testInfo = (more: Partial<RequestInfo> = {}): RequestInfo => ({
  requestId: randomUUID(),
  log: testLog,
  clientAddress: "127.0.0.1",
  ...more,
});

/** A caller with headers of its own: `cookie`, `x-tenant-id`, `idempotency-key`. */
export const callAs = (plane: ControlPlane, headers: Record<string, string> = {}, info: Partial<RequestInfo> = {}) =>
  plane.caller(new Request("http://localhost/", { headers }), testInfo(info));

/** The `name=value` of the session cookie that an answer sets. */
export const cookieOf = (responseHeaders: Headers): string =>
  (responseHeaders.get("set-cookie") ?? "").split(";")[0] ?? "";

export interface Person {
  api: Caller;
  cookie: string;
  id: string;
  email: string;
  tenant: { id: string; slug: string; status: string };
}

/** Signs somebody up and returns a caller in their name. */
export async function signUpPerson(plane: TestPlane, name: string): Promise<Person> {
  const email = `${name}-${randomUUID().slice(0, 8)}@example.com`;
  const { api, responseHeaders } = callAs(plane.cloud);
  const { user, tenant } = await api.identity.register({
    email,
    password: "correct horse battery",
    name,
    tenantName: `${name} lab`,
  });
  const cookie = cookieOf(responseHeaders);
  return { api: callAs(plane.cloud, { cookie }).api, cookie, id: user.id, email, tenant };
}

/** A personal access token of somebody, and a caller that shows it. */
export async function makeToken(
  plane: TestPlane,
  person: Person,
  scopes: readonly TokenScope[] = TOKEN_SCOPES,
): Promise<{ id: string; secret: string; api: Caller }> {
  const { token, secret } = await person.api.tokens.create({ name: "test", scopes: [...scopes] });
  return { id: token.id, secret, api: callAs(plane.cloud, bearer(secret)).api };
}
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** Makes somebody known by an account of a provider, as signing in with it does. */
export const linkAccount = (plane: TestPlane, person: Person, issuer: string, subject: string) =>
  plane.database
    .owner`insert into oidc_identities (issuer, subject, user_id) values (${issuer}, ${subject}, ${person.id})`;

/** A staff member of the given role and a caller in their name. */
export async function signInStaff(
  plane: TestPlane,
  role: "viewer" | "operator" | "owner" = "owner",
): Promise<{ api: Caller; cookie: string; email: string }> {
  const email = `${role}-${randomUUID().slice(0, 8)}@staff.example.com`;
  const password = randomBytes(12).toString("hex");
  await plane.database.owner`update users set staff_role = null where staff_role is not null`;
  await seedStaff(plane.admin.asSystem("test"), { email, password, name: role });
  await plane.database.owner`update users set staff_role = ${role} where email = ${email}`;
  const { api, responseHeaders } = callAs(plane.admin);
  await api.identity.staffLogin({ email, password });
  const cookie = cookieOf(responseHeaders);
  return { api: callAs(plane.admin, { cookie }).api, cookie, email };
}

export async function createKeyAndCsr(): Promise<{ key: string; csr: string }> {
  const keys = await generateKeys();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=whoever",
    keys,
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
  });
  return { key: await exportPrivateKey(keys.privateKey), csr: request.toString("pem") };
}

export const createCsr = async (): Promise<string> => (await createKeyAndCsr()).csr;

export interface TestAgent {
  instanceId: string;
  api: Caller;
  grant: CertificateGrant;
  serial: string;
  /** Sends the next report; every field can be set. */
  beat(more?: Partial<Report>): Promise<{ accepted: boolean; desiredRevision: number }>;
  /** Does what a real agent does with a document: every tenant of it is ready. */
  applyAll(): Promise<void>;
}

/** A host that joined through the real flow, with the agent's half played by the test. */
export async function joinHost(
  plane: TestPlane,
  staff: { api: Caller },
  name: string,
  capacity = 50,
): Promise<TestAgent> {
  const { joinToken } = await staff.api.instances.register({ name, capacity });
  const grant = await callAs(plane.admin).api.agents.join({
    token: joinToken,
    csr: await createCsr(),
    publicUrl: "http://localhost:3100",
    internalUrl: "https://localhost:3101",
    engine: "postgres",
    capacity: ENGINE_CAPACITY.postgres.max,
    agentVersion: "test",
  });
  return playAgent(plane, grant);
}

export async function playAgent(plane: TestPlane, grant: CertificateGrant): Promise<TestAgent> {
  const serial = new x509.X509Certificate(grant.certificate).serialNumber.toLowerCase();
  const { instanceId } = grant;
  const { api } = callAs(plane.admin, {}, { peer: { kind: "instance", instanceId }, peerSerial: serial });
  let seq = 0;
  const bootEpoch = Date.now();
  const beat: TestAgent["beat"] = (more = {}) =>
    api.agents.report({
      bootEpoch,
      seq: ++seq,
      appliedRevision: 0,
      tenants: [],
      orphans: [],
      health: "healthy",
      engine: "postgres",
      capacity: 10_000,
      versions: { agent: "test", engine: "18" },
      ...more,
    });
  await beat();
  return {
    instanceId,
    api,
    grant,
    serial,
    beat,
    applyAll: async () => {
      const document = await api.agents.desired({ revision: 0 });
      if (!document) return;
      await beat({
        appliedRevision: document.revision,
        tenants: document.tenants.map(({ tenantId, generation }) => ({
          tenantId,
          generation,
          state: "ready" as const,
        })),
      });
    },
  };
}

/** The CA of a test's control plane with its key, for certificates that it would never give. */
export async function issuerOf({ database, admin }: TestPlane): Promise<Issuer> {
  const [row] = await database.owner`
    select certificate, sealed_private_key as key from certificate_authorities where retired_at is null`;
  return {
    certificate: new x509.X509Certificate(row?.certificate),
    privateKey: await importPrivateKey(
      await admin.can.sealer.open("certificate_authorities.sealed_private_key", row?.key),
    ),
  };
}

/** A certificate that the authority would never give. Nobody writes it down. @param options.lifeMs from now; negative for one that has ended. */
export async function leafWith(
  issuer: Issuer,
  spiffeId: string,
  options: { uris?: string[]; usages?: string[]; lifeMs?: number },
): Promise<{ key: string; cert: string; serial: string }> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${spiffeId}`,
    issuer: issuer.certificate.subject,
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + (options.lifeMs ?? 3_600_000)),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    publicKey: keys.publicKey,
    signingKey: issuer.privateKey,
    extensions: [
      new x509.ExtendedKeyUsageExtension(
        options.usages ?? [x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth],
      ),
      new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: "localhost" },
        ...(options.uris ?? [spiffeId]).map((value) => ({ type: "url" as const, value })),
      ]),
    ],
  });
  return {
    key: await exportPrivateKey(keys.privateKey),
    cert: certificate.toString("pem"),
    serial: certificate.serialNumber,
  };
}
