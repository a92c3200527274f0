import type { Logger } from "@kombify/server";
import type { ControlPlaneClient, HintListeners } from "./client.ts";
import { type Loop, startLoop } from "./loop.ts";

export type HintListener = {
  /** Opens the stream anew: after a certificate was renewed, or when the control plane is back. */
  reconnect(): void;
  stop(): Promise<void>;
};

/** Longest wait between two tries to open the stream, before ±20 %. */
const MAX_WAIT_MS = 10_000;

/**
 * Keeps the hint stream open. A hint only says that there is something to fetch; whatever is missed while the stream
 * is closed is fetched when it opens again.
 */
export function listenForHints(client: ControlPlaneClient, log: Logger, listeners: HintListeners): HintListener {
  let stream = new AbortController();
  let isStopping = false;
  const loop: Loop = startLoop({
    intervalMs: MAX_WAIT_MS,
    retryMs: 500,
    run: async () => {
      if (isStopping) return;
      stream = new AbortController();
      const { signal } = stream;
      try {
        await client.listenForHints(listeners, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      if (!signal.aborted && !isStopping) throw new Error("the hint stream ended");
    },
    onError: (err) => log.debug({ err }, "no hints from the control plane"),
  });
  return {
    reconnect() {
      loop.trigger();
      stream.abort();
    },
    stop() {
      isStopping = true;
      const stopped = loop.stop();
      stream.abort();
      return stopped;
    },
  };
}
