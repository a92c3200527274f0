import {
  type CertificateGrant,
  certificateGrantSchema,
  type DesiredState,
  desiredStateSchema,
  flagsHintSchema,
  type Hint,
  hintSchema,
  type Report,
  type ReportAnswer,
  reportAnswerSchema,
  ServiceError,
} from "@kombify/agent-contract";
import { createParser } from "eventsource-parser";
import { request } from "undici";
import { z } from "zod";
import { callControlPlane } from "./http.ts";
import type { Identity } from "./identity-store.ts";
import { serviceAgent } from "./tls.ts";

export type HintListeners = {
  /** The control plane has accepted the stream. */
  onOpen: () => void;
  onHint: (hint: Hint) => void;
  /** There are flags to fetch. @param etag of what there is now. */
  onFlags: (etag: string) => void;
};

/** The control plane, as the agent calls it over mTLS. */
export interface ControlPlaneClient {
  /** The document for this instance; null while `revision` is current. */
  fetchDesired(revision: number): Promise<DesiredState | null>;
  /**
   * All flags of this host's tenants, as they came: whatever is wrong with one tenant's is nothing to the others. Null
   * while `etag` is current.
   */
  fetchFlags(etag: string | undefined): Promise<{ answer?: unknown } | null>;
  sendReport(report: Report): Promise<ReportAnswer>;
  renew(csr: string): Promise<CertificateGrant>;
  /**
   * Listens to hints until the stream ends or `signal` is aborted.
   */
  listenForHints(listeners: HintListeners, signal: AbortSignal): Promise<void>;
  /** New requests use the new certificate at once; those under way finish on the old one. */
  useIdentity(identity: Identity): void;
  close(): Promise<void>;
}

/** Also for no answer at all: it is told from 304. */
const anythingSchema = z.unknown().transform((answer) => ({ answer }));

/** The server sends a comment every 15 s; three missed ones mean that the connection is dead. */
const SILENCE_MS = 45_000;

function parseHint<S extends z.ZodType>(schema: S, data: string): z.output<S> | null {
  try {
    return schema.parse(JSON.parse(data));
  } catch {
    // A hint is only a reason to ask; one that cannot be read is as good as none, the next pull brings the truth.
    return null;
  }
}

export function createControlPlaneClient(identity: Identity): ControlPlaneClient {
  const base = `${identity.controlPlaneUrl}/api/agent`;
  let dispatcher = serviceAgent(identity, "admin");
  const expect = <T>(answer: T | null): T => {
    if (answer === null) throw new ServiceError("UPSTREAM", "The control plane gave an empty answer.");
    return answer;
  };

  return {
    fetchDesired: (revision) =>
      callControlPlane(dispatcher, `${base}/desired?revision=${revision}`, desiredStateSchema),
    fetchFlags: (etag) =>
      callControlPlane(dispatcher, `${base}/flags${etag === undefined ? "" : `?etag=${etag}`}`, anythingSchema),
    sendReport: async (report) =>
      expect(
        await callControlPlane(dispatcher, `${base}/report`, reportAnswerSchema, { method: "POST", body: report }),
      ),
    renew: async (csr) =>
      expect(
        await callControlPlane(dispatcher, `${base}/renew`, certificateGrantSchema, { method: "POST", body: { csr } }),
      ),
    async listenForHints({ onOpen, onHint, onFlags }, signal) {
      const headers = { accept: "text/event-stream" };
      const stream = await request(`${base}/events`, { dispatcher, signal, headers, bodyTimeout: SILENCE_MS });
      if (stream.statusCode !== 200) {
        await stream.body.dump();
        throw new ServiceError("UPSTREAM", `The control plane refused the event stream with ${stream.statusCode}.`);
      }
      onOpen();
      const parser = createParser({
        onEvent: ({ event, data }) => {
          const hint = event === "hint" ? parseHint(hintSchema, data) : null;
          if (hint) onHint(hint);
          const flags = event === "flags" ? parseHint(flagsHintSchema, data) : null;
          if (flags) onFlags(flags.etag);
        },
      });
      const decoder = new TextDecoder();
      for await (const chunk of stream.body) parser.feed(decoder.decode(chunk as Buffer, { stream: true }));
    },
    useIdentity(next) {
      const old = dispatcher;
      dispatcher = serviceAgent(next, "admin");
      // Resolves when the last request on it is answered.
      old.close(() => undefined);
    },
    close: () => dispatcher.destroy(),
  };
}
