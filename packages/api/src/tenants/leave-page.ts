import { html } from "hono/html";
import type { EndSessionForm } from "../identity/oidc.ts";

/** The page that posts the ID token to the provider, so that it is never part of an address. */
export function leavePage({ address, fields }: EndSessionForm, clearedCookie: string): Response {
  const nonce = crypto.randomUUID();
  const hidden = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Signing out</title>
<style nonce="${nonce}">
body { font: 16px/1.5 system-ui, sans-serif; display: grid; place-content: center; min-height: 100dvh; margin: 0; text-align: center; }
button { font: inherit; padding: 10px 20px; border: 0; border-radius: 8px; background: #5b5bd6; color: #fff; cursor: pointer; }
</style>
</head>
<body>
<main>
<h1>Signing out</h1>
<p>You are signed out of kombify. One more step signs you out of your identity provider.</p>
<form method="post" action="${address}">
${hidden}
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
    // The provider sends the browser back to us, and a browser checks where a form's redirects lead (CSP 3, form-action).
    `form-action 'self' ${new URL(address).origin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return new Response(String(page), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "content-security-policy": policy.join("; "),
      "set-cookie": clearedCookie,
    },
  });
}
