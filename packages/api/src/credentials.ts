/** What a request shows to prove who it is from. Nothing is believed here; it is only read. */
import { KOMBIFY_ISSUER } from "@kombify/agent-contract";
import type { BaseContext, RequestInfo } from "./context.ts";

/**
 * What follows the scheme `Bearer` (RFC 6750, 2.1); null when there is no such header. What cannot be a token is the empty
 * text, which no token is, so that it is refused and not overlooked. Other schemes are not ours.
 */
export function bearerOf(headers: Headers): string | null {
  const shown = /^bearer(?:\s+(.*))?$/i.exec(headers.get("authorization")?.trim() ?? "");
  if (shown === null) return null;
  return /^[\w.~+/-]+=*$/.exec(shown[1] ?? "")?.[0] ?? "";
}

/**
 * Whom the gateway says the request is from. Anybody can write these headers; they are not even read unless the
 * connection itself was proved, by its client certificate, to be the gateway's.
 */
export function gatewayIdentityOf(headers: Headers, info: RequestInfo): BaseContext["gatewayIdentity"] {
  const isGateway = info.peer?.kind === "service" && info.peer.name === "gateway";
  const subject = isGateway ? headers.get("x-user-id") : null;
  if (!subject) return null;
  const orgId = headers.get("x-org-id");
  // The gateway writes ids that header values cannot hold as URLs do (infra/kong/plugins).
  return {
    issuer: headers.get("x-user-issuer") ?? KOMBIFY_ISSUER,
    subject,
    orgId: orgId === null ? null : decodeURIComponent(orgId),
  };
}
