import type { Logger } from "@kombify/server";
import type { Changes } from "../context.ts";
import { type OpenAuthority, RELOAD_MS } from "./authority.ts";

/**
 * Keeps a process's view of the CA current: at once when another process changed something, and every few seconds in case
 * that was not heard. @returns how to stop.
 */
export function followAuthority(
  authority: OpenAuthority,
  changes: Changes,
  log: Logger,
  reloadMs = RELOAD_MS,
): () => void {
  const stopping = new AbortController();
  const look = () =>
    authority.reload().catch((err: unknown) => {
      if (!stopping.signal.aborted) log.warn({ err }, "the certificate authority could not be read; trying again");
    });
  const timer = setInterval(look, reloadMs).unref();
  const follow = async () => {
    for await (const _ of changes.stream(({ noun }) => noun === "authorities", stopping.signal)) await look();
  };
  void follow();
  return () => {
    clearInterval(timer);
    stopping.abort();
  };
}
