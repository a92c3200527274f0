import { EventEmitter } from "node:events";
import { ServiceError } from "@kombify/agent-contract";

export type LinkStatus = {
  /** Whether the last call was answered. */
  isConnected: boolean;
  /** When the control plane last answered; null when it never did. */
  lastContactAt: Date | null;
  /** Why the last call failed, in words. */
  lastError: string | null;
};

/** How the agent stands with its control plane, as seen in the outcome of every call. */
export type Link = {
  status(): LinkStatus;
  succeeded(): void;
  failed(error: unknown): void;
  /** Called when the first call after a failure was answered. */
  onReconnect(listener: () => void): void;
};

/** @param lastContactAt from before this process started. */
export function createLink(lastContactAt: Date | null): Link {
  const events = new EventEmitter();
  let status: LinkStatus = { isConnected: false, lastContactAt, lastError: null };
  return {
    status: () => status,
    succeeded() {
      const wasAway = status.lastError !== null;
      status = { isConnected: true, lastContactAt: new Date(), lastError: null };
      if (wasAway) events.emit("reconnect");
    },
    failed(error) {
      const lastError = error instanceof ServiceError ? error.message : "The control plane does not answer.";
      status = { ...status, isConnected: false, lastError };
    },
    onReconnect: (listener) => void events.on("reconnect", listener),
  };
}
