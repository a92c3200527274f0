import { createHash, X509Certificate } from "node:crypto";
import { CERTIFICATE_BACKDATE_MS, type DesiredState } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import type { ControlPlaneClient } from "./client.ts";
import type { Identity } from "./identity-store.ts";
import { checkGrant, createSigningRequest } from "./signing-request.ts";

export type Renewal = {
  /** Why the last try failed; null when it did not. */
  lastError(): string | null;
  /** sha256 of the DER of each CA that is trusted, hex. */
  trustedCas(): string[];
  /** Trusts the CAs of a document from now on. Resolves when that is stored. */
  trust(document: DesiredState): Promise<void>;
  /** Renews soon when a document asks for it: a fleet that is asked at once does not answer at once. */
  heed(document: DesiredState | null): void;
  stop(): Promise<void>;
};

/** Parts of a certificate's life: renewed at two thirds, give or take, and tried again every twentieth after a failure. */
const RENEW_AT = 2 / 3;
const JITTER = 0.05;
const RETRY_AFTER = 1 / 20;
const MAX_RETRY_MS = 300_000;
/** Longest wait before renewing when asked to. */
const MAX_SPREAD_MS = 30_000;

const fingerprintsOf = (bundle: readonly string[]): string[] =>
  bundle.map((pem) => createHash("sha256").update(new X509Certificate(pem).raw).digest("hex"));

/**
 * Renews the certificate for as long as the agent runs, each time with a new key, and keeps to the CAs that the control
 * plane names.
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
  // What the certificate says, unless that has not come yet on this host's clock.
  const issueTime = (): number => Math.min(certificate.validFromDate.getTime() + CERTIFICATE_BACKDATE_MS, Date.now());
  let issuedAt = issueTime();
  let askedFor = 0;
  let renewedFor = 0;
  let error: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  // One after the other: an identity is stored whole.
  let current: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = current.then(work);
    current = done.catch(() => undefined);
    return done;
  };

  const renew = async (): Promise<void> => {
    if (isStopped) return;
    renewedFor = askedFor;
    const { key, csr } = await createSigningRequest();
    const grant = await client.renew(csr);
    checkGrant(grant, key);
    const next = { ...identity, key, certificate: grant.certificate, caBundle: grant.caBundle };
    await replace(next);
    identity = next;
    certificate = new X509Certificate(identity.certificate);
    issuedAt = issueTime();
    error = null;
    log.info({ notAfter: certificate.validToDate }, "certificate renewed");
  };
  const lifeMs = (): number => certificate.validToDate.getTime() - issuedAt;
  const plan = (waitMs: number): void => {
    clearTimeout(timer);
    if (isStopped) return;
    timer = setTimeout(
      () => {
        inTurn(renew).then(planNext, (err: unknown) => {
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
  const planSoon = (): void => plan(Math.random() * Math.min(MAX_SPREAD_MS, lifeMs() * RETRY_AFTER));
  const planNext = (): void => {
    // Asked again while the last certificate was on its way.
    if (askedFor > renewedFor) planSoon();
    else plan(issuedAt + lifeMs() * (RENEW_AT + (Math.random() * 2 - 1) * JITTER) - Date.now());
  };
  planNext();

  return {
    lastError: () => error,
    trustedCas: () => fingerprintsOf(identity.caBundle),
    trust: ({ caBundle = [] }) =>
      inTurn(async () => {
        const named = fingerprintsOf(caBundle).join();
        // A control plane that names nobody is an older one: what is trusted stays.
        if (named === "" || named === fingerprintsOf(identity.caBundle).join()) return;
        const next = { ...identity, caBundle };
        await replace(next);
        identity = next;
        log.info({ trusted: fingerprintsOf(caBundle) }, "the control plane's authorities have changed");
      }),
    heed: (document) => {
      const before = document?.renewCertificatesBefore ? Date.parse(document.renewCertificatesBefore) : 0;
      // Times in certificates are whole seconds: one of the same second may be older, and once more does no harm.
      if (before <= askedFor || issuedAt > before) return;
      askedFor = before;
      planSoon();
    },
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await current;
    },
  };
}
