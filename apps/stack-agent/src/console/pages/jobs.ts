import { JOB_STATES } from "@kombify/agent-contract";
import type { JobRecord } from "../../engine/records.ts";
import { type Caller, canWrite } from "../../stack-api/caller.ts";
import { emptyForm, selectField } from "../fields.ts";
import { type Html, html, nothing } from "../html.ts";
import type { Page } from "../layout.ts";
import { jobPill, jobStateLabel, jobTitle } from "../pill.ts";
import { span, time } from "../time.ts";
import { crumbs, emptyState, jobRow, nextPage, notice } from "./parts.ts";

export async function jobsPage({ store }: Caller, query: Record<string, string>): Promise<Page> {
  const { state, stackId, cursor } = query;
  const filters: Record<string, string> = { ...(state ? { state } : {}), ...(stackId ? { stackId } : {}) };
  const page = await store.list("jobs", { limit: 25, sort: "-createdAt", cursor, filters });
  const choices = [["", "Every state"] as const, ...JOB_STATES.map((value) => [value, jobStateLabel(value)] as const)];
  const isFiltered = Boolean(state || stackId || cursor);
  const list =
    page.items.length > 0
      ? html`<ul class="rows">${page.items.map(jobRow)}</ul>`
      : isFiltered
        ? emptyState(
            "job",
            "No such jobs",
            "Choose another state, or see them all.",
            html`<a class="button" href="/jobs">All jobs</a>`,
          )
        : emptyState(
            "job",
            "No jobs yet",
            "Creating, editing and deleting stacks and nodes makes jobs. They show up here, step by step.",
          );
  const body = html`<div class="head"><div><h1>Jobs</h1><p class="muted">Everything that changes your homelab, newest first.</p></div></div>
  <form class="filters" method="get">${stackId ? html`<input type="hidden" name="stackId" value="${stackId}">` : nothing}
    ${selectField(emptyForm({ state: state ?? "" }), { name: "state", label: "State", choices })}<button class="button">Filter</button></form>
  <div data-live><section class="card">${list}</section>${nextPage("/jobs", filters, page.nextCursor)}</div>`;
  return { title: "Jobs", section: "jobs", isLive: true, body };
}

const log = (job: JobRecord): Html =>
  job.logs.length > 0
    ? html`<ol class="log">${job.logs.map(({ at, message }) => html`<li><time datetime="${at}">${at.slice(11, 19)}</time><span>${message}</span></li>`)}</ol>`
    : html`<p class="muted">No steps yet.</p>`;

function whatNow(job: JobRecord): Html {
  if (job.error)
    return html`<div class="problem"><p><strong>${job.state === "failed" ? "This job failed." : "The last try failed."}</strong> ${job.error}</p></div>`;
  return job.isCancelRequested && job.state === "running"
    ? html`<div class="notice"><p>It stops at its next step.</p></div>`
    : nothing;
}

const isOpen = ({ state }: JobRecord): boolean => state === "pending" || state === "waiting" || state === "running";

export function jobPage(caller: Caller, job: JobRecord, key: string | undefined): Page {
  const mayCancel = canWrite(caller) && isOpen(job) && job.type !== "destroy" && !job.isCancelRequested;
  const end = job.completedAt ?? new Date();
  const body = html`${crumbs(["Jobs", "/jobs"])}${notice(key)}
  <div data-live>
    <div class="head"><div><h1>${jobTitle(job)}</h1>${job.error ? nothing : html`<p class="muted">${job.message}</p>`}</div>${jobPill(job)}</div>
    ${whatNow(job)}
    <section class="card">
      <label class="progress"><span>${job.step || "Not started yet"}</span><span>${job.progress} %</span><progress max="100" value="${job.progress}">${job.progress} %</progress></label>
      <dl class="facts">
        <div><dt>Asked for</dt><dd>${time(job.createdAt)}</dd></div>
        <div><dt>Started</dt><dd>${job.startedAt ? time(job.startedAt) : "not yet"}</dd></div>
        <div><dt>${job.completedAt ? "Took" : "So far"}</dt><dd>${job.startedAt ? span(job.startedAt, end) : "–"}</dd></div>
        <div><dt>Attempt</dt><dd>${job.attempts} of ${job.maxAttempts}</dd></div>
      </dl>
      ${
        mayCancel
          ? html`<form class="inline" method="post" action="/jobs/${job.id}/cancel"><button class="button">Cancel this job</button></form>`
          : nothing
      }
    </section>
    <section class="card" aria-labelledby="log"><div class="card-head"><h2 id="log">Steps <span class="optional">times in UTC</span></h2>${job.stackId ? html`<a href="/stacks/${job.stackId}">Go to the stack</a>` : nothing}</div>${log(job)}</section>
  </div>`;
  return { title: jobTitle(job), section: "jobs", isLive: true, body };
}
