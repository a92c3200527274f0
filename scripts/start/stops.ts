import type { Progress } from "./progress.ts";

export type Stops = {
  /** Registers how to stop what was just started. Stopped in reverse order. */
  add(name: string, stop: () => Promise<void>): void;
  /** Rejects when somebody asked to stop: waiting for readiness ends then. */
  asked: Promise<never>;
  /** Aborted at the same moment, for work that can be broken off. */
  signal: AbortSignal;
  isStopping(): boolean;
  /** The same promise, which is also waited for before anything is stopped. */
  during<T>(work: Promise<T>): Promise<T>;
  /** Stops everything and exits. */
  run(exitCode: number): Promise<void>;
};

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** A terminal sends Ctrl-C to everybody in front of it, and whoever started us passes it on: that is one wish. */
const SAME_WISH_MS = 1500;

/** Ends cleanly on a signal and when the process that started us is gone. A second signal later on kills at once. */
export function createStops(progress: Progress): Stops {
  const stops: Array<{ name: string; stop: () => Promise<void> }> = [];
  const asked = Promise.withResolvers<never>();
  asked.promise.catch(() => undefined);
  const abort = new AbortController();
  let current: Promise<unknown> = Promise.resolve();
  let askedAt: number | null = null;

  const run = async (exitCode: number): Promise<void> => {
    askedAt ??= Date.now();
    asked.reject(new Error("asked to stop"));
    abort.abort();
    await current.catch(() => undefined);
    let code = exitCode;
    for (const { name, stop } of stops.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        code = 1;
        progress.say(`  ${name} did not stop cleanly: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    process.exit(code);
  };
  const onWish = (reason: string): void => {
    if (askedAt === null) {
      progress.say(`\nkombify stops (${reason}) ...`);
      void run(0);
    } else if (Date.now() - askedAt > SAME_WISH_MS) {
      progress.say("kombify is killed; the next start cleans up.");
      process.exit(1);
    }
  };
  for (const signal of SIGNALS) process.on(signal, () => onWish(signal));
  if (process.connected) process.on("disconnect", () => onWish("its parent process is gone"));

  return {
    add: (name, stop) => stops.push({ name, stop }),
    asked: asked.promise,
    signal: abort.signal,
    isStopping: () => askedAt !== null,
    during(work) {
      current = work;
      return work;
    },
    run,
  };
}
