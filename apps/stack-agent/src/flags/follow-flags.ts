/** Server-sent events for OFREP's clients: each says that the flags have changed and are to be fetched again. */
import { refetchEvent } from "@kombify/flags";
import { eventStream } from "@kombify/server";
import type { Context } from "hono";
import type { JobFeed } from "../jobs/feed.ts";
import type { CallerEnv } from "../stack-api/caller.ts";
import type { Identify } from "../stack-api/identify.ts";
import type { HostFlags } from "./host-flags.ts";

/** A stream outlives no session by more than this. Milliseconds. */
const CHECK_MS = 5_000;

type Parts = { flags: HostFlags; flagFeed: JobFeed; identify: Identify };

/** Ends with the caller's session, when the tenant closes, and with the process. */
export function followFlags(c: Context<CallerEnv>, { flags, flagFeed, identify }: Parts): Response {
  const { id } = c.get("caller").tenant;
  const etagOf = () => flags.of(id)?.current?.envelope.digest ?? flags.of(id)?.older.digest;
  const isWelcome = async (): Promise<boolean> => {
    const caller = await identify(c as never).catch(() => null);
    return caller?.tenant.id === id;
  };
  return eventStream(c as never, async (send, signal) => {
    let told = etagOf();
    const ended = Promise.withResolvers<void>();
    const look = async (): Promise<void> => {
      if (!(await isWelcome())) return ended.resolve();
      const etag = etagOf();
      if (etag === told) return;
      told = etag;
      await send({ data: refetchEvent(etag === undefined ? {} : { etag }) });
    };
    const unsubscribe = flagFeed.subscribe(id, () => void look());
    const timer = setInterval(() => void look(), CHECK_MS);
    signal.addEventListener("abort", () => ended.resolve(), { once: true });
    if (signal.aborted) ended.resolve();
    await ended.promise;
    unsubscribe();
    clearInterval(timer);
  });
}
