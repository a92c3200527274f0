import { ServiceError } from "@kombify/agent-contract";
import type { Context } from "hono";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether a browser sent this request from one of our own pages (https://www.w3.org/TR/fetch-metadata/). Browsers that
 * know no Sec-Fetch-Site send Origin with every form; a request with neither did not come from a page of ours.
 */
export function isSameOrigin(c: Context, publicOrigin: string): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined) return site === "same-origin";
  return c.req.header("origin") === publicOrigin;
}

/** @throws ServiceError FORBIDDEN for a change that another site's page may have sent with our cookie. */
export function assertSameOrigin(c: Context, publicOrigin: string): void {
  if (SAFE_METHODS.has(c.req.method) || isSameOrigin(c, publicOrigin)) return;
  throw new ServiceError(
    "FORBIDDEN",
    "This request did not come from the Stack's own pages. Use the console, or a bearer token.",
  );
}
