import { ServiceError } from "@kombify/agent-contract";
import type { MiddlewareHandler } from "hono";
import { type CallerEnv, canWrite } from "./caller.ts";
import type { Identify } from "./identify.ts";
import { assertSameOrigin } from "./same-origin.ts";

const SAFE_METHODS = new Set(["GET", "HEAD"]);

/**
 * In front of every route about records. Handlers behind it find a caller whose store can only name the collections of
 * the caller's own tenant; there is no other way to a record.
 */
export function tenantMiddleware(identify: Identify, publicOrigin: string): MiddlewareHandler<CallerEnv> {
  return async (c, next) => {
    const caller = await identify(c as never);
    if (!caller)
      throw new ServiceError(
        "FORBIDDEN",
        "Sign in first: launch your homelab from the portal, or send a bearer token.",
        {
          status: 401,
        },
      );
    if (caller.via === "cookie") assertSameOrigin(c, publicOrigin);
    if (!SAFE_METHODS.has(c.req.method) && !canWrite(caller))
      throw new ServiceError(
        "FORBIDDEN",
        "Viewers can look at everything and change nothing. Ask an owner for another role.",
      );
    c.set("caller", caller);
    c.header("cache-control", "no-store");
    await next();
  };
}
