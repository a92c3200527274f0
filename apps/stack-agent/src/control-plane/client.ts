import {
  type CertificateGrant,
  certificateGrantSchema,
  type DesiredState,
  desiredStateSchema,
  type Hint,
  hintSchema,
  type Report,
  type ReportAnswer,
  reportAnswerSchema,
  ServiceError,
} from "@kombify/agent-contract";
import { createParser } from "eventsource-parser";
import { request } from "undici";
import { callControlPlane } from "./http.ts";
import type { Identity } from "./identity-store.ts";
import { serviceAgent } from "./tls.ts";

/** The control plane, as the agent calls it over mTLS. */
export interface ControlPlaneClient {
  /** The document for this instance; null while `revision` is current. */
  fetchDesired(revision: number): Promise<DesiredState | null>;
  sendReport(report: Report): Promise<ReportAnswer>;
  renew(csr: string): Promise<CertificateGrant>;
  /**
   * Listens to hints until the stream ends or `signal` is aborted.
   * @param onOpen called when the control plane has accepted the stream.
   */
  listenForHints(onOpen: () => void, onHint: (hint: Hint) => void, signal: AbortSignal): Promise<void>;
  /** New requests use the new certificate at once; those under way finish on the old one. */
  useIdentity(identity: Identity): void;
  close(): Promise<void>;
}

/** The server sends a comment every 15 s; three missed ones mean that the connection is dead. */
const SILENCE_MS = 45_000;

function parseHint(data: string): Hint | null {
  try {
    return hintSchema.parse(JSON.parse(data));
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
    sendReport: async (report) =>
      expect(
        await callControlPlane(dispatcher, `${base}/report`, reportAnswerSchema, { method: "POST", body: report }),
      ),
    renew: async (csr) =>
      expect(
        await callControlPlane(dispatcher, `${base}/renew`, certificateGrantSchema, { method: "POST", body: { csr } }),
      ),
    async listenForHints(onOpen, onHint, signal) {
      const headers = { accept: "text/event-stream" };
      const stream = await request(`${base}/events`, { dispatcher, signal, headers, bodyTimeout: SILENCE_MS });
      if (stream.statusCode !== 200) {
        await stream.body.dump();
        throw new ServiceError("UPSTREAM", `The control plane refused the event stream with ${stream.statusCode}.`);
      }
      onOpen();
      const parser = createParser({
        onEvent: ({ event, data }) => {
          const hint = event === "hint" ? parseHint(data) : null;
          if (hint) onHint(hint);
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
