/** The Stack console: server-rendered pages over the same verbs as the API. It works without JavaScript. */
import { ServiceError } from "@kombify/agent-contract";
import { Hono } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { FreshnessWatch } from "../flags/freshness.ts";
import type { HostFlags } from "../flags/host-flags.ts";
import { cancelJob } from "../jobs/cancel-job.ts";
import type { JobFeed } from "../jobs/feed.ts";
import type { Sessions } from "../sso/sessions.ts";
import { type CallerEnv, canWrite } from "../stack-api/caller.ts";
import type { Identify } from "../stack-api/identify.ts";
import { getRecord } from "../stack-api/present.ts";
import { assertSameOrigin } from "../stack-api/same-origin.ts";
import { serveAssets } from "./assets.ts";
import { followJobs } from "./events.ts";
import { addNodeRoutes } from "./node-routes.ts";
import { flagsPage } from "./pages/flags.ts";
import { jobPage, jobsPage } from "./pages/jobs.ts";
import { closedPage, errorPage, signedOutPage } from "./pages/outside.ts";
import { overviewPage } from "./pages/overview.ts";
import { type ConsoleParts, createShow } from "./respond.ts";
import { ownPath, rememberScheme } from "./scheme.ts";
import { addStackRoutes } from "./stack-routes.ts";

type Parts = ConsoleParts & {
  sessions: Sessions;
  identify: Identify;
  feed: JobFeed;
  flags: HostFlags;
  freshness: FreshnessWatch;
  publicUrl: string;
};

const TITLES: Record<number, string> = {
  403: "This is not possible for you",
  404: "There is nothing here",
  409: "This is not possible now",
  413: "This is too large",
};

export function consoleRoutes(parts: Parts): Hono<CallerEnv> {
  const { document, sessions, identify, feed, flags, freshness, publicUrl, onJob } = parts;
  const show = createShow(parts);
  const app = new Hono<CallerEnv>();

  app.onError((error, c) => {
    const isExpected = error instanceof ServiceError;
    if (!isExpected) c.get("log").error({ err: error }, "page failed");
    const status = (isExpected ? error.status : 500) as ContentfulStatusCode;
    const text = isExpected
      ? error.message
      : "Something went wrong on this Stack. Try again; if it stays, quote the request to support.";
    return c.html(errorPage(c as never, document, TITLES[status] ?? "This did not work", text), status);
  });
  serveAssets(app as never);
  app.post("/appearance", async (c) => {
    const { scheme, returnTo } = await c.req.parseBody();
    rememberScheme(c, scheme);
    return c.redirect(ownPath(returnTo), 303);
  });
  app.post("/logout", async (c) => {
    assertSameOrigin(c, publicUrl);
    await sessions.end(c);
    return c.redirect("/signed-out", 303);
  });
  app.get("/signed-out", (c) => c.html(signedOutPage(c as never, document, true)));

  app.use(async (c, next) => {
    const caller = await identify(c as never).catch((error: unknown) => {
      if (error instanceof ServiceError && error.code === "PRECONDITION") return error;
      throw error;
    });
    if (caller instanceof ServiceError)
      return c.html(closedPage(c as never, document, caller.message), 409, { "cache-control": "no-store" });
    if (!caller) return c.html(signedOutPage(c as never, document, false), 401, { "cache-control": "no-store" });
    const isWrite = c.req.method !== "GET" && c.req.method !== "HEAD";
    if (isWrite) assertSameOrigin(c, publicUrl);
    if (isWrite && !canWrite(caller))
      throw new ServiceError(
        "FORBIDDEN",
        "Viewers can look at everything and change nothing. Ask an owner for another role.",
      );
    c.set("caller", caller);
    await next();
  });
  app.get("/", async (c) => show(c, await overviewPage(c.get("caller"))));
  app.get("/events", (c) => followJobs(c, feed));
  addStackRoutes(app, parts, show);
  addNodeRoutes(app, parts, show);
  app.get("/jobs", async (c) => show(c, await jobsPage(c.get("caller"), c.req.query())));
  app.get("/jobs/:id", async (c) => {
    const job = await getRecord(c.get("caller").store, "jobs", c.req.param("id"));
    return show(c, jobPage(c.get("caller"), job, c.req.query("notice")));
  });
  app.post("/jobs/:id/cancel", async (c) => {
    const { store, tenant } = c.get("caller");
    const { id } = await cancelJob(store, await getRecord(store, "jobs", c.req.param("id")));
    onJob(tenant);
    return c.redirect(`/jobs/${id}?notice=canceled`, 303);
  });
  app.get("/flags", (c) => {
    const caller = c.get("caller");
    return show(c, flagsPage(caller, flags.of(caller.tenant.id), freshness.status()));
  });
  app.all("*", (c) => {
    throw new ServiceError("NOT_FOUND", `There is no page at ${c.req.path}.`);
  });
  return app;
}
