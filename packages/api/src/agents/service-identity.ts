/** This process's own certificate: renewed at two thirds of its life, and at once when the CA changes or it is revoked. */
import type { Logger } from "@kombify/server";
import type { ServiceTls } from "../context.ts";
import type { OpenAuthority } from "./authority.ts";

export interface ServiceIdentity {
  current(): ServiceTls;
  /** Called with every later identity, so that a listener can swap it in. */
  onRenewed(listener: (tls: ServiceTls) => void): void;
  /** Takes another one now, unless the one of that serial number is no longer in use. */
  replace(serial: string): void;
  stop(): void;
}

const RETRY_MS = 5_000;

export async function openServiceIdentity(
  authority: OpenAuthority,
  name: "cloud" | "admin",
  log: Logger,
): Promise<ServiceIdentity> {
  const listeners: ((tls: ServiceTls) => void)[] = [];
  let tls = await authority.issueService(name);
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let renewing = Promise.resolve();
  const schedule = (waitMs: number) => {
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(renewNow, Math.max(1000, waitMs)).unref();
  };
  const atTwoThirds = () => ((tls.notAfter.getTime() - Date.now()) * 2) / 3;
  const renew = async () => {
    if (isStopped) return;
    try {
      tls = await authority.issueService(name);
      for (const listener of listeners) listener(tls);
      log.info({ notAfter: tls.notAfter }, "own certificate renewed");
      schedule(atTwoThirds());
    } catch (error) {
      if (isStopped) return;
      log.error({ err: error }, "own certificate could not be renewed; trying again");
      schedule(Math.min(RETRY_MS, atTwoThirds()));
    }
  };
  // One after the other: what is shown last is what is true last.
  const renewNow = () => {
    renewing = renewing.then(renew);
  };
  schedule(atTwoThirds());
  authority.onChange(renewNow);
  return {
    current: () => tls,
    onRenewed: (listener) => listeners.push(listener),
    replace: (serial) => {
      if (serial === tls.serial) renewNow();
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** For those who work in the control plane without serving anybody, such as the command line. */
export const noIdentity: ServiceIdentity = {
  current: () => {
    throw new Error("This process has no certificate of its own.");
  },
  onRenewed: () => undefined,
  replace: () => undefined,
  stop: () => undefined,
};
