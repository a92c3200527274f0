import { ServiceError } from "@kombify/agent-contract";

/**
 * Refuses a write that a foreign page makes with the person's cookie (CSRF). Browsers always say where a write comes
 * from; callers without a browser say nothing and carry nobody's cookie by accident.
 * @throws ServiceError FORBIDDEN
 */
export function refuseForeignOrigin(request: Request, ownOrigin: string): void {
  if (request.method === "GET" || request.method === "HEAD" || request.method === "OPTIONS") return;
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  const isOwn =
    origin === null ||
    origin === ownOrigin ||
    (URL.canParse(origin) && new URL(origin).host === request.headers.get("host"));
  if (!isOwn || site === "cross-site" || site === "same-site")
    throw new ServiceError("FORBIDDEN", `Requests that change something are only taken from pages of ${ownOrigin}.`);
}
