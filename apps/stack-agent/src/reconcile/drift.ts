/** Finds namespaces that are not as defined, because somebody changed them by hand, and has them mended. */
import type { Logger } from "@kombify/server";
import { type Loop, startLoop } from "../control-plane/loop.ts";
import type { Engine } from "../engine/engine.ts";
import type { UpgradeLane } from "./upgrade-lane.ts";

const HOUR_MS = 3_600_000;
/** After a look that failed. */
const RETRY_MS = 60_000;

/** Complete namespaces of this engine's version: others are being made, wait for their upgrade, or are a newer agent's. */
const COMPLETE: ReadonlySet<string> = new Set(["ready", "suspended", "quarantined"]);

/** Looks at once and then every hour. */
export function watchDrift(engine: Engine, lane: UpgradeLane, log: Logger): Loop {
  return startLoop({
    intervalMs: HOUR_MS,
    retryMs: RETRY_MS,
    onError: (err) => log.warn({ err }, "the namespaces could not be compared with what is defined"),
    run: async () => {
      const differing = await engine.findDrift();
      if (differing.size === 0) return;
      const found = new Map<string, readonly string[]>();
      for (const { id, slug, state, namespaceVersion } of await engine.shared.listTenants()) {
        const differences = differing.get(slug);
        if (differences && namespaceVersion === engine.namespaceVersion && COMPLETE.has(state))
          found.set(id, differences);
      }
      lane.mend(found);
    },
  });
}
