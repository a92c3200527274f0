import { eventStream } from "@kombify/server";
import type { Context } from "hono";
import type { JobFeed } from "../jobs/feed.ts";
import type { CallerEnv } from "../stack-api/caller.ts";

/** At most this often is a page told to look again, however fast a job steps along. Milliseconds. */
const PACE_MS = 250;

/** Server-sent events that say only "something changed"; the page then fetches what it shows. */
export function followJobs(c: Context<CallerEnv>, feed: JobFeed): Response {
  const { tenant } = c.get("caller");
  return eventStream(c as never, async (send, signal) => {
    let timer: NodeJS.Timeout | undefined;
    const tell = () => {
      timer = undefined;
      void send({ event: "change", data: {} });
    };
    const unsubscribe = feed.subscribe(tenant.id, () => {
      timer ??= setTimeout(tell, PACE_MS);
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
    await promise;
    unsubscribe();
    clearTimeout(timer);
  });
}
