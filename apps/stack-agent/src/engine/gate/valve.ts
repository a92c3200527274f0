import { ServiceError } from "@kombify/agent-contract";

/** Ends a pause. Calling it again changes nothing. */
export type Resume = () => void;

type Pause = { why: string; over: Promise<void> };

/** Seconds after which a write that waited in vain may try again. */
const RETRY_AFTER_SECONDS = 5;

/** Lets work through, except while it is paused: then work waits for a while, and a pause waits for what is under way. */
export class Valve {
  readonly #maxWaitMs: number;
  #pause: Pause | null = null;
  #underWay = 0;
  #onIdle: Array<() => void> = [];

  /** @param maxWaitMs how long work waits for the end of a pause. */
  constructor(maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs;
  }

  /** @throws ServiceError PRECONDITION, with the seconds to wait, when a pause lasts too long. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const giveUpAt = performance.now() + this.#maxWaitMs;
    // Another pause may begin the moment this one ends.
    while (this.#pause) await this.#waitFor(this.#pause, giveUpAt);
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) for (const tell of this.#onIdle.splice(0)) tell();
    }
  }

  /**
   * Resolves when nothing is under way; nothing begins until the end of the pause. Pauses take turns.
   * @param why what is going on, for the person whose write has to wait: "This homelab is being restored."
   */
  async pause(why: string): Promise<Resume> {
    while (this.#pause) await this.#pause.over;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    this.#pause = { why, over };
    if (this.#underWay > 0) await new Promise<void>((tell) => this.#onIdle.push(tell));
    return () => {
      if (this.#pause?.over === over) this.#pause = null;
      resolve();
    };
  }

  async #waitFor({ why, over }: Pause, giveUpAt: number): Promise<void> {
    const { promise: tooLong, reject } = Promise.withResolvers<never>();
    const refusal = () =>
      reject(
        new ServiceError("PRECONDITION", `${why} Nothing was changed. Try again in a moment.`, {
          status: 503,
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        }),
      );
    const timer = setTimeout(refusal, Math.max(0, giveUpAt - performance.now()));
    await Promise.race([over, tooLong]).finally(() => clearTimeout(timer));
  }
}
