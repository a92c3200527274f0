import { X509Certificate } from "node:crypto";
import type { Logger } from "@kombify/server";
import type { ControlPlaneClient } from "./client.ts";
import type { Identity } from "./identity-store.ts";
import { checkGrant, createSigningRequest } from "./signing-request.ts";

export type Renewal = {
  /** When the certificate in use ends. */
  notAfter(): Date;
  /** Why the last try failed; null when it did not. */
  lastError(): string | null;
  stop(): Promise<void>;
};

/** Parts of a certificate's life: renewed at two thirds, give or take, and tried again every twentieth after a failure. */
const RENEW_AT = 2 / 3;
const JITTER = 0.05;
const RETRY_AFTER = 1 / 20;
const MAX_RETRY_MS = 300_000;

/**
 * Renews the certificate for as long as the agent runs, each time with a new key.
 * @param replace stores the new identity and hands it to every part that speaks TLS.
 */
export function keepRenewed(
  initial: Identity,
  client: ControlPlaneClient,
  log: Logger,
  replace: (identity: Identity) => Promise<void>,
): Renewal {
  let identity = initial;
  let certificate = new X509Certificate(identity.certificate);
  let error: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let current = Promise.resolve();

  const renew = async (): Promise<void> => {
    const { key, csr } = await createSigningRequest();
    const grant = await client.renew(csr);
    checkGrant(grant, key);
    identity = { ...identity, key, certificate: grant.certificate, caBundle: grant.caBundle };
    await replace(identity);
    certificate = new X509Certificate(identity.certificate);
    error = null;
    log.info({ notAfter: certificate.validToDate }, "certificate renewed");
  };
  const plan = (waitMs: number): void => {
    timer = setTimeout(
      () => {
        current = renew().then(planNext, (err: unknown) => {
          error = err instanceof Error ? err.message : "The certificate could not be renewed.";
          const isExpired = certificate.validToDate.getTime() < Date.now();
          if (isExpired)
            log.error({ err }, "the certificate has expired: join again with a new token from the Admin center");
          else log.warn({ err, notAfter: certificate.validToDate }, "certificate not renewed, trying again");
          plan(Math.min(lifeMs() * RETRY_AFTER, MAX_RETRY_MS));
        });
      },
      Math.max(waitMs, 0),
    );
  };
  const lifeMs = (): number => certificate.validToDate.getTime() - certificate.validFromDate.getTime();
  const planNext = (): void => {
    const part = RENEW_AT + (Math.random() * 2 - 1) * JITTER;
    plan(certificate.validFromDate.getTime() + lifeMs() * part - Date.now());
  };
  planNext();
  return {
    notAfter: () => certificate.validToDate,
    lastError: () => error,
    stop: async () => {
      clearTimeout(timer);
      await current;
      clearTimeout(timer);
    },
  };
}
