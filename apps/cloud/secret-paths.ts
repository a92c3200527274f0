/**
 * Pages whose address holds a token, because a mail leads there and they have to work without script. The token is kept
 * out of our log, out of every Referer and out of caches.
 */

/** The pages' first segment. The router reads paths without regard to case. */
const SECRET_PATH = /^(\/(?:invitations|reset)\/).+/i;

/** The path as it may stand in a log. */
export const redactPath = (path: string): string => path.replace(SECRET_PATH, "$1:token");

/** Headers of such a page. */
export function addSecretPageHeaders(path: string, headers: Headers): void {
  if (!SECRET_PATH.test(path)) return;
  // The origin alone is ever told. Not "no-referrer": with that a browser sends the page's own form with `Origin: null`
  // (Fetch standard, "append a request Origin header"), which is refused as a foreign page's.
  headers.set("referrer-policy", "strict-origin");
  headers.set("cache-control", "no-store");
}
