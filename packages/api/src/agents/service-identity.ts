/** This process's own certificate, renewed at two thirds of its life. */
import type { Logger } from "@kombify/server";
import type { OpenAuthority, ServiceTls } from "./authority.ts";

export interface ServiceIdentity {
  current(): ServiceTls;
  /** Called with every later identity, so that a listener can swap it in. */
  onRenewed(listener: (tls: ServiceTls) => void): void;
  stop(): void;
}

export async function openServiceIdentity(
  authority: OpenAuthority,
  name: "cloud" | "admin",
  log: Logger,
): Promise<ServiceIdentity> {
  const listeners: ((tls: ServiceTls) => void)[] = [];
  let tls = await authority.issueService(name);
  let timer: NodeJS.Timeout;
  const schedule = () => {
    timer = setTimeout(renew, Math.max(1000, ((tls.notAfter.getTime() - Date.now()) * 2) / 3)).unref();
  };
  const renew = async () => {
    try {
      tls = await authority.issueService(name);
      for (const listener of listeners) listener(tls);
      log.info({ notAfter: tls.notAfter }, "own certificate renewed");
    } catch (error) {
      log.error({ err: error }, "own certificate could not be renewed; trying again");
    }
    schedule();
  };
  schedule();
  return {
    current: () => tls,
    onRenewed: (listener) => listeners.push(listener),
    stop: () => clearTimeout(timer),
  };
}
