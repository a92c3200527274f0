/** Pieces that several pages share. */
import type { JobRecord, NodeRecord, StackRecord } from "../../engine/records.ts";
import { type Html, html, nothing } from "../html.ts";
import { type IconName, icon } from "../icons.ts";
import { jobPill, jobTitle, nodePill, stackPill } from "../pill.ts";
import { span, time } from "../time.ts";

export const crumbs = (...items: ReadonlyArray<readonly [label: string, path: string]>): Html =>
  html`<nav class="crumbs" aria-label="Where you are"><ol>${items.map(
    ([label, path]) => html`<li><a href="${path}">${label}</a>${icon("next")}</li>`,
  )}</ol></nav>`;

/** What this would be, and the button that starts it. */
export const emptyState = (name: IconName, title: string, text: string, action: Html = nothing): Html =>
  html`<div class="empty">${icon(name)}<h3>${title}</h3><p>${text}</p>${action}</div>`;

export const count = (amount: number, one: string, many: string): string => `${amount} ${amount === 1 ? one : many}`;

export const jobRow = (job: JobRecord): Html => html`<li class="row">
  <div class="row-main"><a class="row-title" href="/jobs/${job.id}">${jobTitle(job)}</a>
    <p class="muted small">${job.error ?? job.message} · ${time(job.createdAt)}${
      job.completedAt && job.startedAt ? html` · took ${span(job.startedAt, job.completedAt)}` : nothing
    }</p></div>${jobPill(job)}</li>`;

export const stackRow = (stack: StackRecord): Html => html`<li class="row">
  <div class="row-main"><a class="row-title" href="/stacks/${stack.id}">${stack.name}</a>
    <p class="muted small">${stack.description || count(stack.services.length, "service", "services")} · changed ${time(stack.updatedAt)}</p></div>
  ${stackPill(stack)}</li>`;

export const nodeRow = (node: NodeRecord, canWrite: boolean): Html => html`<li class="row">
  <div class="row-main"><span class="row-title">${node.name}</span>
    <p class="muted small">${node.role}${node.address ? html` · <code>${node.address}</code>` : nothing} · added ${time(node.createdAt)}</p></div>
  ${nodePill(node)}
  ${
    canWrite
      ? html`<a class="button quiet" href="/stacks/${node.stackId}/nodes/${node.id}">${icon("edit")}<span>Edit<span class="visually-hidden"> ${node.name}</span></span></a>`
      : nothing
  }</li>`;

/** The link to the rest of a list; null on the last page. */
export function nextPage(path: string, query: Record<string, string>, cursor: string | null): Html {
  if (!cursor) return nothing;
  const next = new URLSearchParams({ ...query, cursor });
  return html`<p class="more"><a class="button" href="${path}?${next.toString()}">Next page${icon("next")}</a></p>`;
}

const NOTICES: Record<string, string> = {
  created: "Created. Its first job is under way.",
  saved: "Saved.",
  deleted: "Deleted. The rest is cleaned up in the background.",
  added: "Node added.",
  removed: "Node removed.",
  canceled: "Cancelled.",
};

/** What the last action did, said once on the page that it led to. */
export function notice(key: string | undefined): Html {
  const text = key && Object.hasOwn(NOTICES, key) ? NOTICES[key] : undefined;
  return text ? html`<div class="notice" role="status">${icon("check")}<p>${text}</p></div>` : nothing;
}
