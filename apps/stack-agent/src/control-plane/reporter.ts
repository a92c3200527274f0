import { HEARTBEAT_INTERVAL_MS, type Report, type ReportAnswer } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import type { ControlPlaneClient } from "./client.ts";
import type { Link } from "./link.ts";
import { type Loop, startLoop } from "./loop.ts";

export type ReportBody = Omit<Report, "bootEpoch" | "seq">;

/**
 * Sends the state of this host every 10 s ± 20 %, and at once when triggered. Reports never overlap, so `seq` arrives
 * in order.
 * @param onAnswer told what the control plane says it wants, which is a hint too, and what it has heard.
 * @returns the loop, and `last`, which sends one more report after the loop was stopped.
 */
export function startReporter(options: {
  client: ControlPlaneClient;
  link: Link;
  log: Logger;
  bootEpoch: number;
  describe: () => Promise<ReportBody>;
  onAnswer: (answer: ReportAnswer) => void;
}): Loop & { last(): Promise<void> } {
  const { client, link, log, bootEpoch } = options;
  let seq = 0;
  const send = async (): Promise<void> => {
    const body = await options.describe();
    seq += 1;
    const answer = await client.sendReport({ bootEpoch, seq, ...body });
    link.succeeded();
    if (!answer.accepted)
      log.warn({ seq }, "the control plane has a newer report of this host; is a second agent running?");
    options.onAnswer(answer);
  };
  const loop = startLoop({
    intervalMs: HEARTBEAT_INTERVAL_MS,
    run: send,
    onError: (err) => {
      if (link.status().isConnected)
        log.warn({ err }, "the control plane does not take reports; serving what was last applied");
      link.failed(err);
    },
  });
  return { ...loop, last: send };
}
