import { PULL_INTERVAL_MS, ServiceError } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import type { FreshnessWatch } from "../flags/freshness.ts";
import type { HostFlags } from "../flags/host-flags.ts";
import type { ControlPlaneClient } from "./client.ts";
import { type Loop, startLoop } from "./loop.ts";

/** Control planes before version 0.3 have no flags to fetch; they send them themselves. */
const isUnknownThere = (error: unknown): boolean => error instanceof ServiceError && error.status === 404;

/**
 * Fetches the flags of all tenants every 60 s ± 20 %, and at once when triggered. Push is a hint, this is the truth; and
 * whatever cannot be fetched or taken leaves what is here as it is.
 */
export function startFlagsPuller(options: {
  client: ControlPlaneClient;
  flags: HostFlags;
  freshness: FreshnessWatch;
  log: Logger;
}): Loop {
  const { client, flags, freshness, log } = options;
  const pull = async (): Promise<void> => {
    const etag = flags.etag();
    const fetched = await client.fetchFlags(etag);
    if (fetched) return flags.takeBundle(fetched.answer);
    // What was not asked about cannot be unchanged.
    if (etag === undefined) throw new ServiceError("UPSTREAM", "The control plane sent no flags.");
  };
  return startLoop({
    intervalMs: PULL_INTERVAL_MS,
    run: async () => {
      try {
        await pull();
      } catch (error) {
        if (!isUnknownThere(error)) {
          freshness.failed(error instanceof ServiceError ? error.message : "The flags could not be stored.");
          throw error;
        }
        log.debug("the control plane has no flags to fetch");
      }
      freshness.confirmed();
    },
    onError: (err) => log.warn({ err }, "no flags from the control plane; those that are here are used"),
  });
}
