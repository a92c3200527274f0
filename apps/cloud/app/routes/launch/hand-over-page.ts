import { html } from "hono/html";

type HandOver = { redirectUrl: string; ticket: string; nonce: string };

/**
 * The page that posts the ticket to the Stack. The Stack checks that `Origin` is this portal, so the referrer policy
 * must not be `no-referrer` or `same-origin`: with those a browser sends `Origin: null` (Fetch standard, "append a
 * request Origin header"). The script runs before the page has loaded, so the browser's history skips this page.
 */
export function handOverPage({ redirectUrl, ticket, nonce }: HandOver): Response {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Opening your homelab</title>
<style nonce="${nonce}">
body { font: 16px/1.5 system-ui, sans-serif; display: grid; place-content: center; min-height: 100dvh; margin: 0; text-align: center; }
button { font: inherit; padding: 10px 20px; border: 0; border-radius: 8px; background: #5b5bd6; color: #fff; cursor: pointer; }
</style>
</head>
<body>
<main>
<p>Opening your homelab.</p>
<form method="post" action="${redirectUrl}">
<input type="hidden" name="ticket" value="${ticket}">
<button type="submit">Continue</button>
</form>
</main>
<script nonce="${nonce}">document.forms[0].submit()</script>
</body>
</html>`;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    `form-action ${new URL(redirectUrl).origin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return new Response(String(page), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "referrer-policy": "strict-origin",
      "content-security-policy": policy.join("; "),
    },
  });
}
