import { setTimeout as delay } from "node:timers/promises";

export type LoopOptions = {
  /** One round. Rounds never overlap. */
  run: () => Promise<void>;
  /** Milliseconds between rounds, each spread by ±20 % so that a fleet does not act in step. */
  intervalMs: number;
  /** Wait after the first of a row of failed rounds; it doubles up to the interval. */
  retryMs?: number;
  onError: (error: unknown) => void;
};

export type Loop = {
  /** Runs a round now, or once more right after the present one. Many calls make one round. */
  trigger(): void;
  /** Resolves when the present round is over. */
  stop(): Promise<void>;
};

/** ±20 %. */
const spread = (ms: number): number => ms * (0.8 + Math.random() * 0.4);

/** Repeats a round for ever: at once, then at intervals, when triggered, and sooner after failures. */
export function startLoop({ run, intervalMs, retryMs = 1000, onError }: LoopOptions): Loop {
  const stopping = new AbortController();
  let wake = new AbortController();
  let failures = 0;

  const round = async (): Promise<void> => {
    try {
      await run();
      failures = 0;
    } catch (error) {
      failures += 1;
      onError(error);
    }
  };
  const rest = async (): Promise<void> => {
    const wait = failures === 0 ? intervalMs : Math.min(retryMs * 2 ** (failures - 1), intervalMs);
    const signal = AbortSignal.any([wake.signal, stopping.signal]);
    await delay(spread(wait), undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      // Renewed before the round: a trigger during the round counts for the next one.
      wake = new AbortController();
      await round();
      await rest();
    }
  };
  const finished = loop();
  return {
    trigger: () => wake.abort(),
    stop: () => {
      stopping.abort();
      return finished;
    },
  };
}
