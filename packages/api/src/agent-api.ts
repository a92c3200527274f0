/** The agent listener's routes: the procedures of agents and of our own services as REST, and hints as server-sent events. */
import { eventStream, type ShellEnv } from "@kombify/server";
import type { Context, Hono } from "hono";
import type { RequestInfo } from "./context.ts";
import type { ControlPlane } from "./control-plane.ts";
import { toJson } from "./ready-json.ts";

/** What the API wants to know of a request that came through a shell. */
export const requestInfoOf = (c: Context<ShellEnv>): RequestInfo => ({
  requestId: c.get("requestId"),
  log: c.get("log"),
  clientAddress: c.get("clientAddress"),
  host: c.req.header("host") ?? "",
  userAgent: (c.req.header("user-agent") ?? "").slice(0, 400),
  peer: c.get("peer"),
  peerSerial: c.get("peerSerial"),
  stopping: c.get("stopping"),
});

/**
 * Mounts the agent protocol on a listener that asks for client certificates.
 * @throws ServiceError from its handlers; the shell answers with problem documents.
 */
export function mountAgentApi(app: Hono<ShellEnv>, plane: ControlPlane): void {
  // A service of ours has no business here, and its certificate is not looked up here: it comes as nobody.
  app.use("/api/agent/*", async (c, next) => {
    if (c.get("peer")?.kind !== "instance") c.set("peer", null);
    await next();
  });
  app.get("/api/agent/events", async (c) => {
    // A stream that nobody reads ends at once, and not when there would be something to say.
    const gone = new AbortController();
    const info = requestInfoOf(c);
    const stopping = AbortSignal.any([gone.signal, ...(info.stopping ? [info.stopping] : [])]);
    const { api } = plane.caller(c.req.raw, { ...info, stopping });
    // The first hint is awaited here, so that a refused agent gets a problem document and not an empty stream.
    const hints = (await api.agents.events())[Symbol.asyncIterator]();
    let next = await hints.next();
    return eventStream(c, async (send, signal) => {
      signal.addEventListener("abort", () => gone.abort());
      for (; !next.done && !signal.aborted; next = await hints.next())
        await send({ event: next.value.event, data: toJson(next.value.data) });
    });
  });
  // And an agent has none here.
  app.use("/api/internal/*", async (c, next) => {
    if (c.get("peer")?.kind !== "service") c.set("peer", null);
    await next();
  });
  app.all("/api/internal/*", async (c) => (await plane.handleService(c.req.raw, requestInfoOf(c))) ?? c.notFound());
  app.all("/api/agent/*", async (c) => (await plane.handleAgent(c.req.raw, requestInfoOf(c))) ?? c.notFound());
}
