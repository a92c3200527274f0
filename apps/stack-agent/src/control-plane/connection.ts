/** Everything between this agent and its control plane, wired together: documents in, reports out, certificates renewed. */
import { setTimeout as delay } from "node:timers/promises";
import { type DesiredState, ENGINE_CAPACITY, type Report } from "@kombify/agent-contract";
import type { UsageCounter, UsageReport } from "@kombify/flags";
import type { Logger } from "@kombify/server";
import type { Engine } from "../engine/engine.ts";
import type { FreshnessWatch } from "../flags/freshness.ts";
import type { HostFlags } from "../flags/host-flags.ts";
import type { Reconciler } from "../reconcile/reconciler.ts";
import { AGENT_VERSION } from "../version.ts";
import { createControlPlaneClient } from "./client.ts";
import { startFlagsPuller } from "./flags-puller.ts";
import { listenForHints } from "./hints.ts";
import { type Identity, type StoredIdentity, saveIdentity } from "./identity-store.ts";
import type { Link } from "./link.ts";
import { startPuller } from "./puller.ts";
import { keepRenewed } from "./renewal.ts";
import { type ReportBody, startReporter } from "./reporter.ts";

export type Connection = {
  /** Fetches the document now. */
  fetchNews(): void;
  /** Something in the report has changed. */
  reportSoon(): void;
  stop(): Promise<void>;
};

/** How often the time of the last contact is written down; after a restart the age that is shown may be off by this. */
const CONTACT_SAVE_MS = 30_000;
/** Counts of flags in one report; the contract takes no more. */
const MOST_COUNTS = 5_000;
/** Stopping does not wait longer for the control plane. */
const LAST_REPORT_MS = 2_000;

export function connectControlPlane(options: {
  home: string;
  stored: StoredIdentity;
  engine: Engine;
  reconciler: Reconciler;
  link: Link;
  flags: HostFlags;
  freshness: FreshnessWatch;
  usage: UsageCounter;
  log: Logger;
  /** The certificate was renewed: listeners must show the new one. */
  onIdentity: (identity: Identity) => void;
  /** A document was taken over. */
  onDocument: (document: DesiredState) => void;
}): Connection {
  const { home, stored, engine, reconciler, link, flags, freshness, usage, log } = options;
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
    await flags
      .follow(document)
      .catch((err: unknown) => log.warn({ err }, "flags of removed tenants were not removed"));
    flagsPuller.trigger();
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
  const tenants = (): Report["tenants"] =>
    reconciler.state().tenants.map((tenant) => {
      const reported = tenant.state === "removed" ? undefined : flags.reportOf(tenant.tenantId);
      return reported ? { ...tenant, flags: reported } : tenant;
    });
  /** Of the last report that was put together: there is never more than one under way. */
  let counted: UsageReport | null = null;
  const describe = async (): Promise<ReportBody> => {
    counted = usage.report(MOST_COUNTS);
    return {
      ...reconciler.state(),
      tenants: tenants(),
      flagUsage: counted.usage,
      ...(await health()),
      engine: engine.kind,
      // A host that moved may have an engine that takes fewer than it was set up for.
      capacity: Math.min(stored.settings.capacity, ENGINE_CAPACITY[engine.kind].max),
      trustedCas: renewal.trustedCas(),
      versions: { agent: AGENT_VERSION, engine: engine.version },
    };
  };

  const revision = () => reconciler.document()?.revision ?? 0;
  const puller = startPuller({ client, link, log, revision, accept });
  const flagsPuller = startFlagsPuller({ client, flags, freshness, log });
  const reporter = startReporter({
    client,
    link,
    log,
    bootEpoch: Date.now(),
    describe,
    onAnswer: ({ accepted, desiredRevision }) => {
      if (accepted) counted?.arrived();
      if (desiredRevision !== revision()) puller.trigger();
    },
  });
  const fetchAll = () => {
    puller.trigger();
    flagsPuller.trigger();
  };
  const hints = listenForHints(client, log, {
    onOpen: fetchAll,
    onHint: () => puller.trigger(),
    onFlags: flagsPuller.heed,
  });
  reconciler.onChange(() => reporter.trigger());
  link.onReconnect(() => {
    fetchAll();
    reporter.trigger();
    hints.reconnect();
  });
  renewal.heed(reconciler.document());
  /** What was counted since the last report would be lost with this process. */
  const lastReport = async (ended: Promise<void>): Promise<void> => {
    if (!link.status().isConnected || usage.report(1).usage.length === 0) return;
    const sent = ended
      .then(() => reporter.last())
      .catch((err: unknown) => log.warn({ err }, "the last counts of flags were not reported"));
    await Promise.race([sent, delay(LAST_REPORT_MS, undefined, { ref: false })]);
  };
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
    reportSoon: () => reporter.trigger(),
    stop: async () => {
      clearInterval(saveContact);
      const reported = reporter.stop();
      const stopped = [puller.stop(), flagsPuller.stop(), reported, hints.stop(), renewal.stop()];
      await lastReport(reported);
      const { lastContactAt } = link.status();
      await client.close();
      await Promise.all(stopped);
      if (lastContactAt) await engine.shared.saveContact(lastContactAt);
    },
  };
}
