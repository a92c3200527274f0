import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 25;

/**
 * Waits until a question has an answer other than null, undefined or false. An error counts as no answer yet.
 * @param what completes the sentence "waited in vain until ...".
 * @throws Error with the last error after the time, in milliseconds.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T> | T,
  timeoutMs = 15_000,
): Promise<Exclude<T, null | undefined | false>> {
  const startedAt = Date.now();
  let cause: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false)
        return answer as Exclude<T, null | undefined | false>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() - startedAt > timeoutMs)
      throw new Error(`Waited ${timeoutMs / 1000} s in vain until ${what}.`, { cause });
    await delay(POLL_MS);
  }
}
