/**
 * OpenFeature's Remote Evaluation Protocol on both listeners; what is answered is decided in packages/flags. Viewers may
 * ask although it is a POST: nothing changes.
 */
import { ServiceError } from "@kombify/agent-contract";
import { answerBulk, answerFlag, type EventStream, type OfrepAnswer, type UsageCounter } from "@kombify/flags";
import { Hono, type MiddlewareHandler } from "hono";
import type { JobFeed } from "../jobs/feed.ts";
import type { Caller, CallerEnv } from "../stack-api/caller.ts";
import type { Identify } from "../stack-api/identify.ts";
import { assertSameOrigin } from "../stack-api/same-origin.ts";
import { followFlags } from "./follow-flags.ts";
import type { FreshnessWatch } from "./freshness.ts";
import type { HostFlags } from "./host-flags.ts";
import type { FlagCounters } from "./metrics.ts";
import { servedFlags } from "./served.ts";

const EVENT_STREAMS: EventStream[] = [{ type: "sse", endpoint: { requestUri: "/ofrep/v1/events" } }];

type Parts = {
  identify: Identify;
  publicUrl: string;
  flags: HostFlags;
  flagFeed: JobFeed;
  freshness: FreshnessWatch;
  usage: UsageCounter;
  counters: () => FlagCounters;
};

const identifyCaller = (identify: Identify, publicUrl: string): MiddlewareHandler<CallerEnv> => {
  return async (c, next) => {
    const caller = await identify(c as never);
    if (!caller)
      throw new ServiceError("FORBIDDEN", "Sign in first, or send a token as Authorization: Bearer or X-API-Key.", {
        status: 401,
      });
    if (caller.via === "cookie") assertSameOrigin(c, publicUrl);
    c.set("caller", caller);
    await next();
  };
};

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new ServiceError("INVALID", "The body is not valid JSON.", { cause });
  }
}

/** To be mounted at `/ofrep/v1`. */
export function ofrepRoutes({
  identify,
  publicUrl,
  flags,
  flagFeed,
  freshness,
  usage,
  counters,
}: Parts): Hono<CallerEnv> {
  const app = new Hono<CallerEnv>();
  const servedTo = ({ tenant }: Caller) => servedFlags(flags.of(tenant.id), freshness.status());
  const respond = ({ status, headers, body, evaluations }: OfrepAnswer): Response => {
    for (const { key, variant, reason, errorCode } of evaluations) {
      counters().evaluated(reason);
      // A key that there is no flag of could be anything.
      if (errorCode !== "FLAG_NOT_FOUND") usage.count(key, variant);
    }
    return new Response(body === null ? null : JSON.stringify(body), { status, headers });
  };

  app.use(identifyCaller(identify, publicUrl));
  app.post("/evaluate/flags", async (c) => {
    const caller = c.get("caller");
    const asked = {
      caller: caller.subject,
      ifNoneMatch: c.req.header("if-none-match") ?? null,
      eventStreams: EVENT_STREAMS,
    };
    return respond(answerBulk(servedTo(caller), parse(await c.req.text()), asked));
  });
  app.post("/evaluate/flags/:key", async (c) => {
    const caller = c.get("caller");
    return respond(answerFlag(servedTo(caller), c.req.param("key"), parse(await c.req.text()), caller.subject));
  });
  app.get("/events", (c) => followFlags(c, { flags, flagFeed, identify }));
  app.all("*", (c) => {
    throw new ServiceError("NOT_FOUND", `There is nothing at ${c.req.path}.`);
  });
  return app;
}
