/** One clock for every relative time on a page: one timer, and the same "now" on the server and while hydrating. */
import { createContext, useContext, useSyncExternalStore } from "react";

/** Milliseconds since the epoch at which the server rendered the page; null where it did not say. */
export const RenderedAtContext = createContext<number | null>(null);

const TICK_MS = 1_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = 0;

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = Date.now();
    timer = setInterval(tick, TICK_MS);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The current time in milliseconds, every second anew; null while rendering on a server that gave no time. */
export function useNow(): number | null {
  const renderedAt = useContext(RenderedAtContext);
  return useSyncExternalStore<number | null>(
    subscribe,
    () => (now === 0 ? renderedAt : now),
    () => renderedAt,
  );
}
