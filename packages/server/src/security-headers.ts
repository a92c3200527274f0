/**
 * Headers against injected scripts, framing and content sniffing (OWASP Secure Headers Project). `style-src-attr` stays
 * open because the component library sets sizes as style attributes; a style attribute runs no script.
 */
const PLAIN_CSP = "default-src 'none'; frame-ancestors 'none'";

/**
 * The content security policy of a page.
 * @param formAction origins besides our own that forms may post to: a portal posts the launch ticket to the Stack.
 */
export function pageCsp(nonce: string, formAction: readonly string[]): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    `form-action ${["'self'", ...formAction].join(" ")}`,
  ].join("; ");
}

const FIXED: ReadonlyArray<readonly [string, string]> = [
  ["x-content-type-options", "nosniff"],
  ["x-frame-options", "DENY"],
  // Not "no-referrer" or "same-origin": with those a browser sends `Origin: null` with the launch ticket.
  ["referrer-policy", "strict-origin-when-cross-origin"],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["permissions-policy", "camera=(), geolocation=(), microphone=()"],
];

/** Sets what a handler has not set itself. */
export function addSecurityHeaders(
  headers: Headers,
  page: { nonce: string; formAction: () => readonly string[]; hsts: boolean },
): void {
  for (const [name, value] of FIXED) if (!headers.has(name)) headers.set(name, value);
  if (page.hsts) headers.set("strict-transport-security", "max-age=31536000; includeSubDomains");
  const contentType = headers.get("content-type");
  if (!contentType || headers.has("content-security-policy")) return;
  const csp = contentType.startsWith("text/html") ? pageCsp(page.nonce, page.formAction()) : PLAIN_CSP;
  headers.set("content-security-policy", csp);
}
