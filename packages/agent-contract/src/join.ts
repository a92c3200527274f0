/**
 * How a host becomes an instance. The token holds the fingerprint of the certificate authority, so the agent can
 * verify the control plane before it says anything secret (the idea of k3s's secure token, docs.k3s.io/cli/token):
 * `kj1.<sha256 of the CA certificate's DER, hex>.<secret, base64url>`.
 */
import { z } from "zod";
import { capacityRefusal, engineSchema } from "./engines.ts";

export const JOIN_TOKEN_PATTERN = /^kj1\.([0-9a-f]{64})\.([A-Za-z0-9_-]{43})$/;

/** Parts of a join token; null when the text is not one. */
export function parseJoinToken(token: string): { caFingerprint: string; secret: string } | null {
  const match = JOIN_TOKEN_PATTERN.exec(token);
  return match?.[1] && match[2] ? { caFingerprint: match[1], secret: match[2] } : null;
}

/** `POST /api/agent/join` on the control plane's agent listener. Its certificate chains to the CA of the token. */
export const joinRequestSchema = z
  .object({
    token: z
      .string()
      .regex(JOIN_TOKEN_PATTERN, "This is not a join token. Copy the whole command from the Admin center."),
    /** PKCS#10, PEM. Only its public key is used; subject and names are ignored. */
    csr: z.string().min(1).max(8192),
    /** Where browsers reach this Stack: `https://stack.example` or `http://localhost:3100`. */
    publicUrl: z.url({ protocol: /^https?$/ }),
    /** Where the control plane reaches the agent's mTLS listener: `https://host:3101`. */
    internalUrl: z.url({ protocol: /^https$/ }),
    engine: engineSchema,
    /** Tenants that this host has room for: not more than its engine takes. */
    capacity: z.number().int().min(1),
    agentVersion: z.string().max(64),
  })
  .superRefine(({ engine, capacity }, { addIssue }) => {
    const message = capacityRefusal(engine, capacity);
    if (message !== null) addIssue({ code: "custom", path: ["capacity"], message });
  });
export type JoinRequest = z.infer<typeof joinRequestSchema>;

/** What join and renew answer: the agent's certificate and every CA that it must trust (two during a CA rotation). */
export const certificateGrantSchema = z.object({
  instanceId: z.uuid(),
  /** Leaf certificate, PEM. */
  certificate: z.string(),
  /** CA certificates, PEM, newest first. */
  caBundle: z.array(z.string()).min(1),
  /** RFC 3339 UTC. */
  notAfter: z.iso.datetime(),
});
export type CertificateGrant = z.infer<typeof certificateGrantSchema>;

/**
 * Certificates are valid from this long before they are issued, because clocks of hosts may be a little behind.
 * Milliseconds.
 */
export const CERTIFICATE_BACKDATE_MS = 60_000;

/** `POST /api/agent/renew` over mTLS: a new key every time. */
export const renewRequestSchema = z.object({ csr: z.string().min(1).max(8192) });
