/**
 * Keeps one subscription alive. The client library reconnects by itself while the stream breaks off; it gives up when
 * the server answers with an error, as it does while it restarts. This begins anew then, ever more slowly.
 */
import type { LiveState } from "./live-mark.tsx";

/** What the tRPC client calls back; `pending` is its word for connected. */
export type LiveObserver<T> = {
  onData: (value: T) => void;
  onConnectionStateChange: (change: { state: "idle" | "connecting" | "pending" }) => void;
  onError: (error: unknown) => void;
};
export type Subscribe<T> = (observer: LiveObserver<T>) => { unsubscribe: () => void };

type LiveConnectionOptions<T> = {
  subscribe: Subscribe<T>;
  onData: (value: T) => void;
  onState: (state: LiveState) => void;
  /** After a gap: what was missed must be fetched. */
  onReconnect: () => void;
  /** Errors after which trying again is of no use, such as being signed out. */
  isFinal: (error: unknown) => boolean;
  /** Milliseconds before the n-th try in a row, counted from 1. */
  delayMs?: (attempt: number) => number;
};

/** 1, 2, 4, 8, then 15 seconds, each shortened by up to a third, so that pages do not return all at once. */
const backoffMs = (attempt: number): number => Math.min(15_000, 500 * 2 ** attempt) * (1 - Math.random() / 3);

/** @returns ends the connection. */
export function keepLive<T>(options: LiveConnectionOptions<T>): () => void {
  const { subscribe, onData, onState, onReconnect, isFinal, delayMs = backoffMs } = options;
  let attempt = 0;
  let hasBeenLive = false;
  let hasGap = false;
  let isEnded = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let current: { unsubscribe: () => void } | undefined;

  const connected = () => {
    attempt = 0;
    onState("live");
    if (hasGap) onReconnect();
    hasBeenLive = true;
    hasGap = false;
  };
  const interrupted = () => {
    if (!hasBeenLive && attempt === 0) return;
    hasGap = true;
    onState("reconnecting");
  };
  const begin = () => {
    current = subscribe({
      onData: (value) => {
        if (!isEnded) onData(value);
      },
      onConnectionStateChange: ({ state }) => {
        if (isEnded) return;
        if (state === "pending") connected();
        else if (state === "connecting") interrupted();
      },
      onError: (error) => {
        if (isEnded) return;
        if (isFinal(error)) return onState("offline");
        attempt += 1;
        interrupted();
        timer = setTimeout(begin, delayMs(attempt));
      },
    });
  };
  begin();
  return () => {
    isEnded = true;
    clearTimeout(timer);
    current?.unsubscribe();
  };
}
