import type { JobRecord, StackRecord } from "../../engine/records.ts";
import { type Caller, canWrite } from "../../stack-api/caller.ts";
import { type Html, html, nothing } from "../html.ts";
import { type IconName, icon } from "../icons.ts";
import type { Page } from "../layout.ts";
import { count, emptyState, jobRow, stackRow } from "./parts.ts";

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((total, n) => total + n, 0);

function tile(name: IconName, label: string, value: number, detail: string, path: string): Html {
  return html`<a class="tile" href="${path}">${icon(name)}<span class="tile-label">${label}</span>
    <span class="tile-value">${value}</span><span class="muted small">${detail}</span></a>`;
}

const newStackButton = html`<a class="button primary" href="/stacks/new">${icon("plus")}<span>New stack</span></a>`;

async function tiles({ store }: Caller): Promise<Html> {
  const [stacks, nodes, jobs] = await Promise.all([
    store.countBy("stacks", "status", { deletedAt: null }),
    store.countBy("nodes", "status"),
    store.countBy("jobs", "state"),
  ]);
  const open = (jobs.pending ?? 0) + (jobs.running ?? 0) + (jobs.waiting ?? 0);
  const stackDetail = stacks.error
    ? `${count(stacks.error, "needs", "need")} attention`
    : `${stacks.running ?? 0} running`;
  return html`<div class="tiles">
    ${tile("stack", "Stacks", sum(stacks), stackDetail, "/stacks")}
    ${tile("node", "Nodes", sum(nodes), `${nodes.connected ?? 0} connected`, "/stacks")}
    ${tile("job", "Jobs under way", open, jobs.failed ? `${jobs.failed} failed` : "none failed", open ? "/jobs" : jobs.failed ? "/jobs?state=failed" : "/jobs")}
  </div>`;
}

export async function overviewPage(caller: Caller): Promise<Page> {
  const { store } = caller;
  const [tileRow, stacks, jobs] = await Promise.all([
    tiles(caller),
    store.list("stacks", { limit: 5, sort: "-updatedAt", where: { deletedAt: null } }),
    store.list("jobs", { limit: 5, sort: "-createdAt" }),
  ]);
  const action = canWrite(caller) ? newStackButton : nothing;
  const stackList = (items: StackRecord[]) =>
    items.length > 0
      ? html`<ul class="rows">${items.map(stackRow)}</ul>`
      : emptyState(
          "stack",
          "No stacks yet",
          "A stack is a set of services that run together: media, smart home, backups.",
          action,
        );
  const jobList = (items: JobRecord[]) =>
    items.length > 0
      ? html`<ul class="rows">${items.map(jobRow)}</ul>`
      : emptyState(
          "job",
          "Nothing has happened yet",
          "Everything that changes your homelab shows up here, step by step.",
        );
  const body = html`<div class="head"><div><h1>Overview</h1><p class="muted">Everything in your homelab at a glance.</p></div>
    ${stacks.items.length > 0 ? action : nothing}</div>
  <div data-live>${tileRow}
  <div class="columns">
    <section class="card" aria-labelledby="recent-stacks"><div class="card-head"><h2 id="recent-stacks">Stacks</h2><a href="/stacks">All stacks</a></div>${stackList(stacks.items)}</section>
    <section class="card" aria-labelledby="recent-jobs"><div class="card-head"><h2 id="recent-jobs">Recent jobs</h2><a href="/jobs">All jobs</a></div>${jobList(jobs.items)}</section>
  </div></div>`;
  return { title: "Overview", section: "overview", isLive: true, body };
}
