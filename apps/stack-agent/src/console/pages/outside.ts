import type { DesiredState } from "@kombify/agent-contract";
import type { ShellEnv } from "@kombify/server";
import type { Context } from "hono";
import { type Html, html, nothing } from "../html.ts";
import { plainPage } from "../layout.ts";
import { schemeOf } from "../scheme.ts";

export type LaunchProblem = "foreign-origin" | "used-ticket";

const TEXTS: Record<LaunchProblem, { title: string; text: string; status: 400 | 403 }> = {
  "used-ticket": {
    title: "This launch has run out",
    text: "Each launch works once and for one minute. Go back to the portal and press Launch my homelab again.",
    status: 403,
  },
  "foreign-origin": {
    title: "Launch your homelab from the portal",
    text: "This request did not come from your portal, so nobody was signed in. Go to the portal and press Launch my homelab.",
    status: 403,
  },
};

const portalButton = (portalOrigin: string | null): Html =>
  portalOrigin
    ? html`<p><a class="button primary" href="${portalOrigin}/homelab">Go to the portal</a></p>`
    : html`<p class="muted">This Stack has not heard from its portal yet. Open the address that you signed up at.</p>`;

const frameOf = (c: Context<ShellEnv>, portalOrigin: string | null, here: string) => ({
  scheme: schemeOf(c),
  nonce: c.get("nonce"),
  here,
  portalOrigin,
  caller: null,
  link: { isConnected: true, lastContactAt: null, lastError: null },
});

export type PortalOf = () => DesiredState | null;
const originOf = (document: PortalOf): string | null => document()?.portalOrigin ?? null;

/** What a person sees whose ticket was refused: what happened, and the way that works. */
export function refuseLaunch(document: PortalOf) {
  return (c: Context<ShellEnv>, problem: LaunchProblem) => {
    const { title, text, status } = TEXTS[problem];
    const body = html`<section class="card center"><h1>${title}</h1><p>${text}</p>${portalButton(originOf(document))}</section>`;
    return c.html(plainPage(frameOf(c, originOf(document), "/"), title, body), status);
  };
}

/** What somebody sees who is not signed in. */
export function signedOutPage(c: Context<ShellEnv>, document: PortalOf, hasSignedOut: boolean): Html {
  const title = hasSignedOut ? "You are signed out" : "Sign in through the portal";
  const text = hasSignedOut
    ? "Your homelab keeps running. To come back, launch it from the portal."
    : "This is a Stack: it runs homelabs. Yours opens from the portal, with Launch my homelab.";
  const body = html`<section class="card center"><h1>${title}</h1><p>${text}</p>${portalButton(originOf(document))}</section>`;
  return plainPage(frameOf(c, originOf(document), "/"), title, body);
}

/** What somebody sees who is signed in to a homelab that is closed for the moment. */
export function closedPage(c: Context<ShellEnv>, document: PortalOf, reason: string): Html {
  const title = "Your homelab is closed for the moment";
  const body = html`<section class="card center"><h1>${title}</h1><p>${reason}</p>
    <p><a class="button" href="/">Try again</a></p>${portalButton(originOf(document))}</section>`;
  return plainPage(frameOf(c, originOf(document), "/"), title, body);
}

/** An error, for somebody who reads pages and not problem documents. */
export function errorPage(c: Context<ShellEnv>, document: PortalOf, title: string, text: string): Html {
  const requestId = html`<p class="muted small">Request ${c.get("requestId")}</p>`;
  const body = html`<section class="card center"><h1>${title}</h1><p>${text}</p>
    <p><a class="button primary" href="/">Back to the overview</a></p>${c.res ? requestId : nothing}</section>`;
  return plainPage(frameOf(c, originOf(document), "/"), title, body);
}
