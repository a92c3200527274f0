import type { LinkStatus } from "../control-plane/link.ts";
import type { Caller } from "../stack-api/caller.ts";
import { liveScript, stylesheet } from "./assets.ts";
import { type Html, html, nothing } from "./html.ts";
import { icon, logoMark } from "./icons.ts";
import type { Scheme } from "./scheme.ts";
import { ago } from "./time.ts";

/** What every page shows besides its own content. */
export type Frame = {
  scheme: Scheme;
  nonce: string;
  /** Path and query of the page, to come back to. */
  here: string;
  /** Null before the first document. */
  portalOrigin: string | null;
  caller: Caller | null;
  link: LinkStatus;
};

export type Page = { title: string; body: Html; section?: "overview" | "stacks" | "jobs" | "flags"; isLive?: boolean };

const document = (frame: Frame, title: string, content: Html, isLive: boolean): Html => html`<!doctype html>
<html lang="en" data-scheme="${frame.scheme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · kombify Stack</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${stylesheet.path}">
${isLive ? html`<script type="module" nonce="${frame.nonce}" src="${liveScript.path}"></script>` : nothing}
</head>
<body>${content}</body>
</html>`;

function schemeSwitch({ scheme, here }: Frame): Html {
  const button = (to: "light" | "dark") =>
    scheme === to
      ? nothing
      : html`<button class="button quiet to-${to}" name="scheme" value="${to}" title="Switch to the ${to} colours">${icon(to === "dark" ? "moon" : "sun")}<span class="visually-hidden">Switch to the ${to} colours</span></button>`;
  return html`<form method="post" action="/appearance" class="inline">
    <input type="hidden" name="returnTo" value="${here}">${button("dark")}${button("light")}
  </form>`;
}

const portalLink = (portalOrigin: string | null): Html =>
  portalOrigin ? html`<a class="button quiet" href="${portalOrigin}">${icon("back")}<span>Portal</span></a>` : nothing;

/** Longer than the heartbeat takes to notice: three missed ones. */
const SILENCE_MS = 45_000;

function awayBanner({ isConnected, lastContactAt, lastError }: LinkStatus): Html {
  const isSilent = lastContactAt !== null && Date.now() - lastContactAt.getTime() > SILENCE_MS;
  if (isConnected ? !isSilent : lastError === null && !isSilent) return nothing;
  const age = lastContactAt ? `Showing the state of ${ago(lastContactAt)}.` : "";
  return html`<div class="banner" role="status">${icon("alert")}<p><strong>The portal cannot be reached from here.</strong> ${age} Your homelab keeps working; changes made in the portal arrive once it is back.</p></div>`;
}

function navigation(section: Page["section"]): Html {
  const item = (name: string, path: string, key: Page["section"]) =>
    html`<a href="${path}"${section === key ? html` aria-current="page"` : nothing}>${name}</a>`;
  return html`<nav aria-label="Main">${item("Overview", "/", "overview")}${item("Stacks", "/stacks", "stacks")}${item("Jobs", "/jobs", "jobs")}${item("Flags", "/flags", "flags")}</nav>`;
}

/** A page for somebody who is signed in. */
export function signedInPage(frame: Frame, caller: Caller, { title, body, section, isLive = false }: Page): Html {
  const content = html`<a class="skip" href="#content">Skip to the content</a>
<header class="top"><div class="bar">
  <a class="brand" href="/">${logoMark}<span>${caller.tenant.name}</span></a>
  ${navigation(section)}
  <div class="tools">
    <span class="who" title="${caller.email}"><span class="visually-hidden">Signed in as </span>${caller.name || caller.email}</span>
    ${schemeSwitch(frame)}${portalLink(frame.portalOrigin)}
    <form method="post" action="/logout" class="inline"><button class="button quiet">${icon("out")}<span>Sign out</span></button></form>
  </div>
</div></header>
<main id="content">${awayBanner(frame.link)}${body}</main>
<footer class="foot"><span>Signed in as ${caller.email} · ${caller.role}</span>${
    isLive
      ? html`<span class="live" data-live-mark hidden><span class="dot"></span><span data-live-text role="status"></span></span>`
      : nothing
  }</footer>`;
  return document(frame, title, content, isLive);
}

/** A page for somebody whom we do not know (yet). */
export function plainPage(frame: Frame, title: string, body: Html): Html {
  const content = html`<header class="top"><div class="bar"><span class="brand">${logoMark}<span>kombify Stack</span></span>
  <div class="tools">${schemeSwitch(frame)}</div></div></header><main id="content" class="narrow">${body}</main>`;
  return document(frame, title, content, false);
}
