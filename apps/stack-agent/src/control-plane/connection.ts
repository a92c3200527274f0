/** Everything between this agent and its control plane, wired together: documents in, reports out, certificates renewed. */
import { type DesiredState, ENGINE_CAPACITY, type Report } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import type { Engine } from "../engine/engine.ts";
import type { Reconciler } from "../reconcile/reconciler.ts";
import { AGENT_VERSION } from "../version.ts";
import { createControlPlaneClient } from "./client.ts";
import { listenForHints } from "./hints.ts";
import { type Identity, type StoredIdentity, saveIdentity } from "./identity-store.ts";
import type { Link } from "./link.ts";
import { startPuller } from "./puller.ts";
import { keepRenewed } from "./renewal.ts";
import { type ReportBody, startReporter } from "./reporter.ts";

export type Connection = {
  /** Fetches the document now. */
  fetchNews(): void;
  stop(): Promise<void>;
};

/** How often the time of the last contact is written down; after a restart the age that is shown may be off by this. */
const CONTACT_SAVE_MS = 30_000;

export function connectControlPlane(options: {
  home: string;
  stored: StoredIdentity;
  engine: Engine;
  reconciler: Reconciler;
  link: Link;
  log: Logger;
  /** The certificate was renewed: listeners must show the new one. */
  onIdentity: (identity: Identity) => void;
  /** A document was taken over. */
  onDocument: (document: DesiredState) => void;
}): Connection {
  const { home, stored, engine, reconciler, link, log } = options;
  const client = createControlPlaneClient(stored.identity);

  const renewal = keepRenewed(stored.identity, client, log, async (identity) => {
    await saveIdentity(home, { ...stored, identity });
    client.useIdentity(identity);
    options.onIdentity(identity);
    hints.reconnect();
    // What the control plane knows of us comes with a report.
    reporter.trigger();
  });
  const accept = async (document: DesiredState): Promise<void> => {
    // Before the document counts as taken over: after a crash in between it comes again.
    await renewal.trust(document);
    await reconciler.accept(document);
    renewal.heed(document);
    options.onDocument(document);
  };

  const health = async (): Promise<Pick<Report, "health" | "healthDetail">> => {
    const failure = await engine.check().then(
      () => null,
      () => "The engine does not answer.",
    );
    if (failure) return { health: "unhealthy", healthDetail: failure };
    const failed = reconciler.state().tenants.filter(({ state }) => state === "failed").length;
    if (failed > 0) return { health: "degraded", healthDetail: `${failed} tenants could not be applied.` };
    const quarantined = reconciler.quarantined();
    if (quarantined.length > 0) {
      const healthDetail = `Under quarantine, because an upgrade failed: ${quarantined.join(", ")}`.slice(0, 1000);
      return { health: "degraded", healthDetail };
    }
    const renewalError = renewal.lastError();
    if (renewalError)
      return { health: "degraded", healthDetail: `The certificate is not renewed: ${renewalError}`.slice(0, 1000) };
    return { health: "healthy" };
  };
  const describe = async (): Promise<ReportBody> => ({
    ...reconciler.state(),
    ...(await health()),
    engine: engine.kind,
    // A host that moved may have an engine that takes fewer than it was set up for.
    capacity: Math.min(stored.settings.capacity, ENGINE_CAPACITY[engine.kind].max),
    trustedCas: renewal.trustedCas(),
    versions: { agent: AGENT_VERSION, engine: engine.version },
  });

  const revision = () => reconciler.document()?.revision ?? 0;
  const puller = startPuller({ client, link, log, revision, accept });
  const reporter = startReporter({
    client,
    link,
    log,
    bootEpoch: Date.now(),
    describe,
    onAnswer: ({ desiredRevision }) => {
      if (desiredRevision !== revision()) puller.trigger();
    },
  });
  const hints = listenForHints(client, log, () => puller.trigger());
  reconciler.onChange(() => reporter.trigger());
  link.onReconnect(() => {
    puller.trigger();
    reporter.trigger();
    hints.reconnect();
  });
  renewal.heed(reconciler.document());
  let savedContact = link.status().lastContactAt;
  const saveContact = setInterval(() => {
    const { lastContactAt } = link.status();
    if (!lastContactAt || lastContactAt === savedContact) return;
    savedContact = lastContactAt;
    engine.shared
      .saveContact(lastContactAt)
      .catch((err: unknown) => log.warn({ err }, "the last contact was not stored"));
  }, CONTACT_SAVE_MS);

  return {
    fetchNews: () => puller.trigger(),
    stop: async () => {
      clearInterval(saveContact);
      const { lastContactAt } = link.status();
      const stopped = [puller.stop(), reporter.stop(), hints.stop(), renewal.stop()];
      await client.close();
      await Promise.all(stopped);
      if (lastContactAt) await engine.shared.saveContact(lastContactAt);
    },
  };
}
