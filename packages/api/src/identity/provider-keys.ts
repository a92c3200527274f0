/**
 * The public keys of an identity provider, found by its discovery document (OpenID Connect Discovery 1.0, 4). Keys may be
 * rotated without notice: they are looked at again every few minutes, and at once for a `kid` that is not known, but
 * never more often than a cool-down allows, whatever strangers send. While the provider is away, known keys go on working
 * for a bounded time.
 */
import { ServiceError } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import { z } from "zod";

export interface ProviderKeysOptions {
  issuer: string;
  log: Logger;
  /** Keys that are older are looked at again, beside the request. Milliseconds; default 5 min, for which Zitadel lets its answer be kept. */
  refreshAfterMs?: number;
  /** Between two looks for an unknown `kid`. Milliseconds; default 30 s. */
  coolDownMs?: number;
  /** Between two tries while the provider fails. Milliseconds; default 5 s. */
  retryAfterMs?: number;
  /** For how long keys work without having been confirmed. Milliseconds; default 24 h. */
  staleAfterMs?: number;
}

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });
const keySetSchema = z.object({ keys: z.array(z.record(z.string(), z.unknown())) });
const TIMEOUT_MS = 5_000;
/** RFC 8725, 3.1, and what Zitadel can sign with. No HMAC: a public key must never be taken for a shared secret. */
export const ACCEPTED_ALGORITHMS = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"];

/**
 * The key that a token names. `jwk`, `jku` and `x5u` of its header are not looked at.
 * @returns a getter that rejects with jose's JWKSNoMatchingKey for a `kid` that the provider does not have, and with
 * ServiceError UPSTREAM while there are no keys to compare with.
 */
export function openProviderKeys(options: ProviderKeysOptions): JWTVerifyGetKey {
  const { issuer, log, refreshAfterMs = 300_000, coolDownMs = 30_000, retryAfterMs = 5_000 } = options;
  const address = `${issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`;
  let triedAt = Number.NEGATIVE_INFINITY;
  let loadedAt = Number.NEGATIVE_INFINITY;

  async function read<T>(url: string, init: RequestInit, schema: z.ZodType<T>): Promise<T> {
    const answer = await fetch(url, { ...init, headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(`${url} was answered with ${answer.status}.`);
    return schema.parse(await answer.json());
  }
  // The two steps are one to the library: with each look at the keys, the document says where they are now.
  const load = async (_address: string, init: RequestInit): Promise<Response> => {
    if (triedAt > loadedAt && Date.now() < triedAt + retryAfterMs) throw new Error("The last try failed just now.");
    triedAt = Date.now();
    try {
      const document = await read(address, init, discoverySchema);
      if (document.issuer !== issuer) throw new Error(`Discovery of ${issuer} names another issuer.`);
      if (issuer.startsWith("https:") && !document.jwks_uri.startsWith("https:"))
        throw new Error(`Discovery of ${issuer} names keys that anybody on the way could replace.`);
      const set = await read(document.jwks_uri, init, keySetSchema);
      loadedAt = Date.now();
      return Response.json(set);
    } catch (error) {
      log.warn({ err: error, issuer }, "keys of an identity provider could not be read");
      throw error;
    }
  };
  const keys = createRemoteJWKSet(new URL(address), {
    [customFetch]: load,
    timeoutDuration: TIMEOUT_MS,
    cooldownDuration: coolDownMs,
    cacheMaxAge: options.staleAfterMs ?? 24 * 3_600_000,
  });

  return async (header, token) => {
    if (keys.fresh && Date.now() > loadedAt + refreshAfterMs && Date.now() > triedAt + retryAfterMs && !keys.reloading)
      keys.reload().catch(() => undefined);
    try {
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JOSENotSupported) throw error;
      // The key is unknown and nobody can be asked: what can be said is that it is not among those that are known.
      if (keys.fresh) throw new errors.JWKSNoMatchingKey();
      throw new ServiceError("UPSTREAM", "The identity provider that issued this token does not answer. Try again.", {
        cause: error,
        retryAfterSeconds: Math.ceil(retryAfterMs / 1000),
      });
    }
  };
}
