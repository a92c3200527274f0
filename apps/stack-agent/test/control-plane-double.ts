/** The other side of the wire for tests: an HTTPS server that speaks the agent protocol as the control plane does. */
import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { EventEmitter, on } from "node:events";
import {
  type AssertionClaims,
  type DesiredState,
  type DesiredTenant,
  type HostFlags,
  joinRequestSchema,
  KOMBIFY_ISSUER,
  type Report,
  renewRequestSchema,
  reportSchema,
  ServiceError,
} from "@kombify/agent-contract";
import { createLogger, createShell, eventStream, type Listener, listen, readJson } from "@kombify/server";
import { SignJWT } from "jose";
import { Agent } from "undici";
import { v7 as uuid } from "uuid";
import { createAuthority, type TestAuthority } from "./certificate-authority.ts";

export const PORTAL_ORIGIN = "http://localhost:3000";

export type ControlPlaneDouble = {
  authority: TestAuthority;
  instanceId: string;
  url: string;
  joinToken: string;
  document: DesiredState;
  reports: Report[];
  /** Certificates given out by renewal. */
  renewals: number;
  /** Life of the certificates it gives out, milliseconds. */
  certificateLifeMs: number;
  /** What it answers to a pull of flags. Without it there is no such route, as at older control planes. */
  answerFlags: ((etag: string | undefined) => Response) | undefined;
  /** Etags with which flags were asked for, in order. */
  flagPulls: Array<string | undefined>;
  /** Answers with these flags from now on, and hints. */
  publishFlags(bundle: HostFlags): void;
  /** Changes the document, raises its revision and hints. */
  publish(change: Partial<DesiredState>): void;
  /** Waits for a report that fits. */
  reported(fits: (report: Report) => boolean): Promise<Report>;
  sign(claims?: Partial<AssertionClaims>): Promise<string>;
  stop(): Promise<void>;
  start(): Promise<void>;
};

export const desiredTenant = (changes: Partial<DesiredTenant> = {}): DesiredTenant => ({
  tenantId: uuid(),
  slug: `t${randomBytes(4).toString("hex")}`,
  orgId: `org ${randomUUID()}`,
  name: "Testers",
  plan: "free",
  state: "active",
  generation: 1,
  ...changes,
});

export async function startControlPlaneDouble(): Promise<ControlPlaneDouble> {
  const authority = await createAuthority();
  const instanceId = uuid();
  const instance = { kind: "instance", instanceId } as const;
  const leaf = await authority.issue({ kind: "service", name: "admin" });
  const signing = generateKeyPairSync("ed25519");
  const { x } = signing.publicKey.export({ format: "jwk" });
  const news = new EventEmitter();
  news.setMaxListeners(0);
  const secret = randomBytes(32).toString("base64url");
  let isTokenUsed = false;
  let listener: Listener | undefined;
  let port = 0;
  let drain = (): void => undefined;

  const double: ControlPlaneDouble = {
    authority,
    instanceId,
    url: "",
    joinToken: `kj1.${authority.fingerprint}.${secret}`,
    document: {
      schemaVersion: 1,
      instanceId,
      revision: 1,
      generatedAt: new Date().toISOString(),
      portalOrigin: PORTAL_ORIGIN,
      assertionKeys: [{ kty: "OKP", crv: "Ed25519", x: x ?? "", kid: "k1" }],
      tenants: [],
      tombstones: [],
    },
    reports: [],
    renewals: 0,
    certificateLifeMs: 3_600_000,
    answerFlags: undefined,
    flagPulls: [],
    publishFlags(bundle) {
      double.answerFlags = (etag) =>
        etag === bundle.etag ? new Response(null, { status: 304 }) : Response.json(bundle);
      news.emit("hint", { event: "flags", data: { etag: bundle.etag } });
    },
    publish(change) {
      double.document = { ...double.document, ...change, revision: double.document.revision + 1 };
      news.emit("hint", { event: "hint", data: { revision: double.document.revision } });
    },
    async reported(fits) {
      const known = double.reports.findLast(fits);
      if (known) return known;
      for await (const [report] of on(news, "report", { signal: AbortSignal.timeout(20_000) }))
        if (fits(report)) return report;
      throw new Error("unreachable");
    },
    sign(changes = {}) {
      const tenant = double.document.tenants[0];
      const now = Math.floor(Date.now() / 1000);
      const claims: AssertionClaims = {
        iss: KOMBIFY_ISSUER,
        aud: instanceId,
        sub: "person-1",
        idp: KOMBIFY_ISSUER,
        tenantId: tenant?.tenantId ?? uuid(),
        generation: tenant?.generation ?? 1,
        orgId: tenant?.orgId ?? "none",
        email: "ada@example.com",
        name: "Ada",
        role: "owner",
        plan: "free",
        jti: randomUUID(),
        iat: now,
        exp: now + 60,
        ...changes,
      };
      return new SignJWT(claims).setProtectedHeader({ alg: "EdDSA", kid: "k1" }).sign(signing.privateKey);
    },
    async stop() {
      drain();
      listener?.dropPeers(() => true);
      await listener?.close();
      listener = undefined;
    },
    start: async () => {
      const log = createLogger({ name: "control plane double", level: "silent" });
      const shell = createShell({ name: "double", version: "0", log, checks: {}, exposeMetrics: false });
      const { app } = shell;
      drain = shell.drain;
      const grant = async (csr: string) => ({
        instanceId,
        certificate: await authority.sign(csr, instance, double.certificateLifeMs),
        caBundle: [authority.certificate],
        notAfter: new Date(Date.now() + double.certificateLifeMs).toISOString(),
      });
      app.post("/api/agent/join", async (c) => {
        const { token, csr } = await readJson(c, joinRequestSchema);
        if (isTokenUsed || token !== double.joinToken)
          throw new ServiceError("FORBIDDEN", "This join token was used before. Make a new one.");
        isTokenUsed = true;
        return c.json(await grant(csr));
      });
      app.use("/api/agent/*", async (c, next) => {
        const peer = c.get("peer");
        if (peer?.kind !== "instance" || peer.instanceId !== instanceId)
          throw new ServiceError("FORBIDDEN", "Who are you?");
        await next();
      });
      app.post("/api/agent/renew", async (c) => {
        const { csr } = await readJson(c, renewRequestSchema);
        double.renewals += 1;
        return c.json(await grant(csr));
      });
      app.get("/api/agent/desired", (c) =>
        Number(c.req.query("revision")) === double.document.revision ? c.body(null, 304) : c.json(double.document),
      );
      app.get("/api/agent/flags", (c) => {
        const etag = c.req.query("etag");
        double.flagPulls.push(etag);
        if (double.answerFlags) return double.answerFlags(etag);
        throw new ServiceError("NOT_FOUND", "There is nothing at /api/agent/flags.");
      });
      app.post("/api/agent/report", async (c) => {
        const report = await readJson(c, reportSchema);
        double.reports.push(report);
        news.emit("report", report);
        return c.json({ accepted: true, desiredRevision: double.document.revision });
      });
      app.get("/api/agent/events", (c) =>
        eventStream(c, async (send, signal) => {
          try {
            for await (const [event] of on(news, "hint", { signal })) await send(event);
          } catch (error) {
            if (!signal.aborted) throw error;
          }
        }),
      );
      const tls = { key: leaf.key, cert: `${leaf.cert}\n${authority.certificate}`, ca: [authority.certificate] };
      listener = await listen({ fetch: app.fetch, port, tls });
      port = listener.port;
      double.url = listener.url;
    },
  };
  await double.start();
  return double;
}

/** Calls a host's internal listener as the Cloud portal does. */
export async function cloudDispatcher({ authority }: ControlPlaneDouble): Promise<Agent> {
  const { key, cert } = await authority.issue({ kind: "service", name: "cloud" });
  return new Agent({ connect: { key, cert, ca: authority.certificate, checkServerIdentity: () => undefined } });
}
