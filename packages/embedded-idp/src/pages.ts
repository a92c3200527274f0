/** The provider's own pages: plain, without anything from elsewhere, usable without script. */
import { randomBytes } from "node:crypto";
import { type ProviderPerson, ROLES } from "./people.ts";

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);

const STYLE = `
:root { color-scheme: light dark; --line: #c9cbd1; --dim: #55575f; --card: #fff; --page: #f4f5f7; --accent: #4646b8; }
@media (prefers-color-scheme: dark) { :root { --line: #4b4d55; --dim: #b4b6be; --card: #22242a; --page: #17181c; --accent: #a5a8ff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: var(--page); color: CanvasText; }
main { max-width: 30rem; margin: 0 auto; padding: 2rem 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
p { margin: 0 0 1rem; } .dim { color: var(--dim); }
section h2 { margin-top: 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem; margin-top: 1rem; }
button, input, select { font: inherit; width: 100%; padding: .6rem .75rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); color: inherit; }
button { text-align: left; margin-top: .5rem; cursor: pointer; } button small { display: block; color: var(--dim); }
button.main { text-align: center; margin-top: 1rem; border-color: var(--accent); } label { display: block; margin-top: .75rem; } section > form > button.main:first-child { margin-top: 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }`;

export interface Page {
  html: string;
  headers: Record<string, string>;
}

/** @param leadsTo origins that the forms of the page may end at: a browser checks redirects as well (CSP 3, form-action). */
function page(title: string, body: string, leadsTo: readonly string[], script = ""): Page {
  const nonce = randomBytes(16).toString("base64");
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"><title>${escaped(title)}</title><style nonce="${nonce}">${STYLE}</style></head>
<body><main>${body}</main>${script ? `<script nonce="${nonce}">${script}</script>` : ""}</body>
</html>`;
  const policy = [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    ...(script ? [`script-src 'nonce-${nonce}'`] : []),
    "img-src data:",
    `form-action ${["'self'", ...leadsTo].join(" ")}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    html,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": policy.join("; "),
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  };
}

const describe = ({ organisation, roles }: ProviderPerson): string => {
  const role = Object.keys(roles).find((each) => roles[each]?.[organisation.id]);
  return `${organisation.name} · ${role ?? "no role"}`;
};

/** Who signs in? No passwords: this provider is for development. */
export function loginPage(action: string, people: readonly ProviderPerson[], leadsTo: readonly string[]): Page {
  const buttons = people.map(
    (person) =>
      `<button name="person" value="${escaped(person.subject)}">${escaped(person.name)}<small>${escaped(describe(person))}</small></button>`,
  );
  const options = ROLES.map((role) => `<option${role === "owner" ? " selected" : ""}>${role}</option>`).join("");
  return page(
    "Sign in",
    `<h1>Sign in</h1><p class="dim">The identity provider of this development system. Nobody has a password here.</p>
<section aria-labelledby="known"><h2 id="known">Continue as</h2>
<form method="post" action="${escaped(action)}">${buttons.join("")}</form></section>
<section aria-labelledby="other"><h2 id="other">Somebody else</h2>
<form method="post" action="${escaped(action)}">
<label>Name <input name="name" required maxlength="80" autocomplete="off"></label>
<label>Organisation <input name="organisation" required maxlength="80" autocomplete="off"></label>
<label>Role there <select name="role">${options}<option value="">no role</option></select></label>
<button class="main">Continue</button></form></section>
<section><form method="post" action="${escaped(action)}/cancel"><button class="main">Cancel</button></form></section>`,
    leadsTo,
  );
}

/** @param isAsked false when the one who asks has proven whose session it is: then nobody is asked again, as at Zitadel. */
export function logoutPage(form: string, isAsked: boolean, leadsTo: readonly string[]): Page {
  return page(
    "Sign out",
    `<h1>Sign out</h1><p>You are signed out of the identity provider and of everything that you opened with it.</p>
${form}<button class="main" form="op.logoutForm" name="logout" value="yes">Sign out</button>`,
    leadsTo,
    // A submit by script sends no button, so what the button says becomes a field.
    isAsked
      ? ""
      : `const f=document.forms[0],i=document.createElement("input");i.type="hidden";i.name="logout";i.value="yes";f.append(i);f.submit()`,
  );
}

export const messagePage = (title: string, message: string): Page =>
  page(title, `<h1>${escaped(title)}</h1><p>${escaped(message)}</p>`, []);
