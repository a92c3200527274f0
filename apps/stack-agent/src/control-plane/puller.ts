import { type DesiredState, PULL_INTERVAL_MS } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import type { ControlPlaneClient } from "./client.ts";
import type { Link } from "./link.ts";
import { type Loop, startLoop } from "./loop.ts";

/**
 * Fetches the document every 60 s ± 20 %, and at once when triggered. Push is a hint, this is the truth.
 * @param revision of the document that this host has; 0 for none.
 */
export function startPuller(options: {
  client: ControlPlaneClient;
  link: Link;
  log: Logger;
  revision: () => number;
  accept: (document: DesiredState) => Promise<void>;
}): Loop {
  const { client, link, log } = options;
  return startLoop({
    intervalMs: PULL_INTERVAL_MS,
    run: async () => {
      const document = await client.fetchDesired(options.revision()).catch((error: unknown) => {
        link.failed(error);
        throw error;
      });
      link.succeeded();
      if (document) await options.accept(document);
    },
    onError: (err) => log.warn({ err }, "no document from the control plane"),
  });
}
