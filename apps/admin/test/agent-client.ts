/** The agent's side of the mTLS listener, as a test needs it: keys of its own, one connection that stays open. */
import "reflect-metadata";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { Agent, type RequestOptions, request } from "node:https";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import type { CertificateGrant } from "@kombify/agent-contract";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A new key with the request for its certificate, both PEM. */
export async function newKey(): Promise<{ key: string; csr: string }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: "CN=host",
    keys,
    signingAlgorithm: ALGORITHM,
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return { key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`, csr: csr.toString("pem") };
}

export type Answer = { status: number; body: Record<string, unknown>; serverSerial: string };

/** @param identity the client certificate; a stranger without one. */
export function agentClient(url: string, identity?: { key: string; grant: CertificateGrant }) {
  const tls = {
    // Whom the listener answers is what is tested here; that agents check whom they talk to is theirs to test.
    rejectUnauthorized: false,
    ...(identity ? { key: identity.key, cert: identity.grant.certificate } : {}),
  };
  // A resumed session would not show the server's certificate again.
  const agent = new Agent({ keepAlive: true, maxSockets: 1, maxCachedSessions: 0, ...tls });
  return {
    async send(method: string, path: string, json?: unknown): Promise<Answer> {
      const body = json === undefined ? undefined : JSON.stringify(json);
      const options: RequestOptions = { method, agent };
      if (body) options.headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const sent = request(`${url}${path}`, options).end(body);
      const [answer] = await once(sent, "response");
      const serverSerial = new X509Certificate((answer.socket as TLSSocket).getPeerCertificate().raw).serialNumber;
      const words = await text(answer);
      return { status: answer.statusCode, body: words ? JSON.parse(words) : {}, serverSerial };
    },
    /** Opens the stream of hints. @returns settles when the server cuts it. */
    async hints(): Promise<{ ended: Promise<unknown> }> {
      const stream = request(`${url}/api/agent/events`, { agent: false, ...tls }).end();
      const [answer] = await once(stream, "response");
      if (answer.statusCode !== 200) throw new Error(`The stream was refused with ${answer.statusCode}.`);
      answer.resume();
      return { ended: new Promise((resolve) => answer.once("close", resolve).once("error", resolve)) };
    },
    close: () => agent.destroy(),
  };
}
