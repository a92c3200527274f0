import { type Evaluation, evaluationContext, type ServedFlags } from "@kombify/flags";
import type { Freshness } from "../../flags/freshness.ts";
import type { TenantFlags } from "../../flags/load-flags.ts";
import { servedFlags } from "../../flags/served.ts";
import type { Caller } from "../../stack-api/caller.ts";
import { type Html, html, nothing } from "../html.ts";
import { icon } from "../icons.ts";
import type { Page } from "../layout.ts";
import { pill } from "../pill.ts";
import { time } from "../time.ts";
import { count, emptyState } from "./parts.ts";

const ruleName = (ruleId: unknown): string => {
  const number = /^rule-(\d+)$/.exec(String(ruleId))?.[1];
  return number ? `Rule ${number}` : "When no rule fits";
};

const DECIDED: Record<string, string> = {
  killed: "Killed: stopped for everybody.",
  override: "Set for this homelab alone.",
  older: "Sent by an older version of the portal.",
};

/** Why a flag gives what it gives, for somebody who knows no reason codes. */
function whyOf({ reason, metadata, errorDetails }: Evaluation): string {
  const { decidedBy, prerequisite, ruleId } = metadata;
  if (reason === "ERROR") return `It cannot be evaluated: ${errorDetails ?? "nobody knows why."}`;
  if (reason === "DISABLED") return "Switched off altogether.";
  if (prerequisite !== undefined) return `Needs ${prerequisite}, which does not give what it should.`;
  if (typeof decidedBy === "string" && DECIDED[decidedBy]) return DECIDED[decidedBy];
  if (reason === "SPLIT") return `${ruleName(ruleId)}: shared out, and this is the share that you are in.`;
  if (reason === "TARGETING_MATCH") return `${ruleName(ruleId)}: it fits you.`;
  return reason === "DEFAULT" ? "No rule fits you, so it is the default." : "The same for everybody.";
}

function flagPill(flag: Evaluation): Html {
  const { reason, metadata, variant } = flag;
  if (reason === "ERROR") return pill({ label: "Broken", tone: "bad", icon: "alert" });
  if (metadata.decidedBy === "killed") return pill({ label: "Killed", tone: "waiting", icon: "ban" });
  if (variant === undefined) return pill({ label: "No value", tone: "quiet", icon: "dash" });
  if (flag.value === false) return pill({ label: variant, tone: "quiet", icon: "dash" });
  return pill({ label: variant, tone: "good", icon: "check" });
}

const flagRow = (flag: Evaluation): Html => html`<li class="row">
  <div class="row-main"><span class="row-title">${flag.key}</span>
    <p class="flag-value">${flag.value === undefined ? html`<span class="muted">the program's own default</span>` : html`<code>${JSON.stringify(flag.value)}</code>`}</p>
    <p class="muted small">${whyOf(flag)}</p></div>
  ${flagPill(flag)}</li>`;

function staleBanner(
  { standing }: ServedFlags,
  refusal: TenantFlags["refusal"],
  { confirmedAt, error }: Freshness,
): Html {
  if (!standing?.isStale) return nothing;
  const why = refusal?.message ?? error;
  const since = refusal?.since ?? confirmedAt;
  return html`<div class="banner" role="status">${icon("alert")}<p><strong>These flags may be out of date.</strong>
    ${since ? html`They are those of ${time(since)}` : "The portal was never heard of"}; they stay in effect until newer ones arrive.${why ? html` ${why}` : nothing}</p></div>`;
}

/** @param flags of the caller's tenant; undefined while there are none. */
export function flagsPage(caller: Caller, flags: TenantFlags | undefined, freshness: Freshness): Page {
  const heading = (detail: Html = nothing) =>
    html`<div class="head"><div><h1>Flags in effect</h1><p class="muted">What is switched on for you in this homelab. It is decided in the portal.</p>${detail}</div></div>`;
  const served = servedFlags(flags, freshness);
  if (!flags || !served) {
    const empty = emptyState(
      "flag",
      "No flags yet",
      "They arrive from the portal by themselves. Until then, programs use their own defaults.",
    );
    return { title: "Flags", section: "flags", body: html`${heading()}<section class="card">${empty}</section>` };
  }
  const found = served.flagSet
    .evaluateAll(evaluationContext(served.document, {}, caller.subject))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const list =
    found.length > 0
      ? html`<ul class="rows">${found.map(flagRow)}</ul>`
      : emptyState("flag", "There are no flags", "Nothing is switched on or off for your homelab in particular.");
  const { revision, digest } = served.document;
  const detail = flags.current
    ? html`Revision ${revision} · <code title="${digest}">${digest.slice(0, 12)}</code>${freshness.confirmedAt ? html` · confirmed ${time(freshness.confirmedAt)}` : nothing}`
    : html`Sent by an older portal`;
  const body = html`${heading(html`<p class="muted small">${detail}</p>`)}${staleBanner(served, flags.refusal, freshness)}
  <section class="card" aria-labelledby="flags"><div class="card-head"><h2 id="flags">${count(found.length, "flag", "flags")}</h2></div>${list}</section>`;
  return { title: "Flags", section: "flags", body };
}
