/**
 * Joining: the token holds the fingerprint of the control plane's CA, so the agent can tell the true control plane from
 * any other before it says anything secret (the idea of k3s's secure token, docs.k3s.io/cli/token).
 */
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { isIP } from "node:net";
import { connect, type DetailedPeerCertificate } from "node:tls";
import { certificateGrantSchema, type JoinRequest, parseJoinToken, ServiceError } from "@kombify/agent-contract";
import { callControlPlane } from "./http.ts";
import type { Identity } from "./identity-store.ts";
import { checkGrant, createSigningRequest, peerOf } from "./signing-request.ts";
import { serviceAgent } from "./tls.ts";

const CONNECT_TIMEOUT_MS = 10_000;

/** The certificates that a server presents, leaf first. They are not verified in any way yet. */
async function presentedChain(url: URL): Promise<X509Certificate[]> {
  const socket = connect({
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 443),
    ...(isIP(url.hostname) ? {} : { servername: url.hostname }),
    rejectUnauthorized: false,
    timeout: CONNECT_TIMEOUT_MS,
  });
  socket.once("timeout", () => socket.destroy(new Error("no answer in time")));
  try {
    await once(socket, "secureConnect");
    const chain: X509Certificate[] = [];
    let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
    while (next?.raw && !chain.some((known) => known.raw.equals(next?.raw ?? Buffer.alloc(0)))) {
      chain.push(new X509Certificate(next.raw));
      next = next.issuerCertificate;
    }
    return chain;
  } catch (cause) {
    throw new ServiceError("UPSTREAM", `The control plane at ${url.origin} does not answer. Is the address right?`, {
      cause,
    });
  } finally {
    socket.destroy();
  }
}

/**
 * The CA in the chain that has issued the leaf, if it is the one that the token names or one that it vouches for: while one
 * CA takes over from another, the chain holds the old one's word for the new one's key.
 */
function issuerOf(leaf: X509Certificate, chain: X509Certificate[], fingerprint: string): X509Certificate | null {
  const hashOf = ({ raw }: X509Certificate) => createHash("sha256").update(raw).digest("hex");
  const now = Date.now();
  const isCaNow = ({ ca, validFromDate, validToDate }: X509Certificate) =>
    ca && validFromDate.getTime() <= now && now <= validToDate.getTime();
  const pinned = chain.find((certificate) => hashOf(certificate) === fingerprint);
  if (!pinned || !isCaNow(pinned)) return null;
  const isFrom = (certificate: X509Certificate, ca: X509Certificate) =>
    isCaNow(ca) && certificate.checkIssued(ca) && certificate.verify(ca.publicKey);
  const isVouchedFor = (ca: X509Certificate) =>
    chain.some((word) => isCaNow(word) && isFrom(word, pinned) && word.publicKey.equals(ca.publicKey));
  const issuer = chain.find((ca) => isFrom(ca, ca) && isFrom(leaf, ca));
  return issuer && (issuer === pinned || isVouchedFor(issuer)) ? issuer : null;
}

/**
 * The CA of the control plane, if and only if it is the one that the join token names, or its successor.
 * @returns PEM.
 * @throws ServiceError FORBIDDEN when another server answers.
 */
export async function fetchPinnedCa(controlPlaneUrl: string, fingerprint: string): Promise<string> {
  const chain = await presentedChain(new URL(controlPlaneUrl));
  const leaf = chain[0];
  const peer = leaf ? peerOf(leaf) : null;
  const ca = leaf && peer?.kind === "service" && peer.name === "admin" ? issuerOf(leaf, chain, fingerprint) : null;
  if (!ca)
    throw new ServiceError(
      "FORBIDDEN",
      `The server at ${controlPlaneUrl} is not the control plane that made this join token. Check the address; if it is right, somebody stands in between.`,
    );
  return ca.toString();
}

/**
 * Turns a join token into this host's identity.
 * @throws ServiceError INVALID for a token that is none, FORBIDDEN for a foreign server, or what the control plane says
 * of a used or expired token.
 */
export async function joinControlPlane(controlPlaneUrl: string, request: Omit<JoinRequest, "csr">): Promise<Identity> {
  const token = parseJoinToken(request.token);
  if (!token)
    throw new ServiceError("INVALID", "This is not a join token. Copy the whole command from the Admin center.", {
      fields: [{ path: "token", message: "Copy the whole command from the Admin center." }],
    });
  const ca = await fetchPinnedCa(controlPlaneUrl, token.caFingerprint);
  const { key, csr } = await createSigningRequest();
  const dispatcher = serviceAgent({ caBundle: [ca] }, "admin");
  try {
    const url = `${controlPlaneUrl}/api/agent/join`;
    const grant = await callControlPlane(dispatcher, url, certificateGrantSchema, {
      method: "POST",
      body: { ...request, csr },
    });
    if (!grant) throw new ServiceError("UPSTREAM", "The control plane gave no certificate.");
    checkGrant(grant, key);
    const { instanceId, certificate, caBundle } = grant;
    return { instanceId, controlPlaneUrl, key, certificate, caBundle };
  } finally {
    await dispatcher.close();
  }
}
