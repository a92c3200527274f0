/** One listener on the database per process, shared by every stream: live pages and agents' hints hang on it. */
import type { Change, Database } from "@kombify/db";
import type { Changes } from "./context.ts";

const MISSED = Symbol("missed");
/** A reader that is further behind than this is told to look at everything again. */
const MAX_PENDING = 1000;

/** Starts listening. @returns the changes and a way to stop. */
export async function openChanges(db: Database): Promise<Changes & { stop(): Promise<void> }> {
  type Listener = (change: Change | typeof MISSED) => void;
  const listeners = new Set<Listener>();
  /** Those who only care for one thing: a thousand agents' streams are not asked about each other's heartbeats. */
  const ofOne = new Map<string, Set<Listener>>();
  const nameOf = ({ noun, id }: Pick<Change, "noun" | "id">) => `${noun} ${id}`;
  const tell = (change: Change | typeof MISSED) => {
    for (const listener of listeners) listener(change);
    const some = change === MISSED ? ofOne.values() : [ofOne.get(nameOf(change)) ?? []];
    for (const each of some) for (const listener of each) listener(change);
  };
  const listenTo = (one: Pick<Change, "noun" | "id">, listener: Listener): (() => void) => {
    const name = nameOf(one);
    const there = ofOne.get(name) ?? new Set();
    ofOne.set(name, there.add(listener));
    return () => {
      there.delete(listener);
      if (there.size === 0) ofOne.delete(name);
    };
  };
  let isAway = false;
  const listening = await db.listen(
    tell,
    () => {
      isAway = false;
      tell(MISSED);
    },
    () => {
      isAway = true;
    },
  );

  return {
    isListening: () => !isAway,
    onMissed(listener) {
      listeners.add((change) => {
        if (change === MISSED) listener();
      });
    },
    on(listener) {
      const relay = (change: Change | typeof MISSED) => {
        if (change !== MISSED) listener(change);
      };
      listeners.add(relay);
      return () => listeners.delete(relay);
    },
    async *stream(matches, signal, one) {
      // A slow reader gets the latest change of each thing once, however often it changed meanwhile.
      const pending = new Map<string, Change | null>();
      let wake = () => {};
      const relay = (change: Change | typeof MISSED) => {
        if (change === MISSED || pending.size >= MAX_PENDING) {
          pending.clear();
          pending.set("", null);
        } else if (matches(change)) {
          const key = nameOf(change);
          const earlier = pending.get(key);
          pending.set(key, earlier && !earlier.isBeat ? { ...earlier, ...change, isBeat: false } : change);
        } else return;
        wake();
      };
      const stop = () => wake();
      const stopListening = one ? listenTo(one, relay) : () => void listeners.delete(relay);
      if (!one) listeners.add(relay);
      signal.addEventListener("abort", stop);
      try {
        while (!signal.aborted) {
          const [first] = pending;
          if (first) {
            pending.delete(first[0]);
            yield first[1];
          } else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      } finally {
        stopListening();
        signal.removeEventListener("abort", stop);
      }
    },
    stop: () => listening.stop(),
  };
}

/**
 * Yields what `read` gives now, and again after every change that matches. The listener stands before the first read,
 * so nothing falls between the two.
 */
export async function* watch<T>(
  changes: Changes,
  matches: (change: Change) => boolean,
  signal: AbortSignal,
  read: () => Promise<T>,
): AsyncGenerator<T> {
  const stream = changes.stream(matches, signal)[Symbol.asyncIterator]();
  let next = stream.next();
  yield await read();
  while (!(await next).done) {
    next = stream.next();
    yield await read();
  }
}

/** When a stream has to end: the client left, or this process stops. */
export const endOf = (ctx: { signal: AbortSignal }, request: AbortSignal | undefined): AbortSignal =>
  request ? AbortSignal.any([ctx.signal, request]) : ctx.signal;
