import type { JobRecord, NodeRecord, StackRecord } from "../../engine/records.ts";
import { type Caller, canWrite } from "../../stack-api/caller.ts";
import { emptyForm, errorSummary, type FormState, textField } from "../fields.ts";
import { stackValuesOf } from "../form-input.ts";
import { type Html, html, nothing } from "../html.ts";
import { icon } from "../icons.ts";
import type { Page } from "../layout.ts";
import { stackPill } from "../pill.ts";
import { time } from "../time.ts";
import { count, crumbs, emptyState, jobRow, nodeRow, notice } from "./parts.ts";
import { stackForm } from "./stack-form.ts";

export type StackForms = { edit?: FormState; remove?: FormState };

const details = (stack: StackRecord): Html => html`<dl class="facts">
  <div><dt>Mode</dt><dd>${stack.mode}</dd></div>
  <div><dt>Created</dt><dd>${time(stack.createdAt)}</dd></div>
  <div><dt>Changed</dt><dd>${time(stack.updatedAt)}</dd></div>
  <div class="wide"><dt>Services</dt><dd>${
    stack.services.length > 0
      ? html`<ul class="tags">${stack.services.map((service) => html`<li>${service}</li>`)}</ul>`
      : "none yet"
  }</dd></div></dl>`;

function nodesCard(stack: StackRecord, nodes: NodeRecord[], mayWrite: boolean): Html {
  const add = mayWrite
    ? html`<a class="button" href="/stacks/${stack.id}/nodes/new">${icon("plus")}<span>Add node</span></a>`
    : nothing;
  const list =
    nodes.length > 0
      ? html`<ul class="rows">${nodes.map((node) => nodeRow(node, mayWrite))}</ul>`
      : emptyState(
          "node",
          "No nodes yet",
          "A node is a machine that this stack runs on: a mini PC, a NAS, a server.",
          add,
        );
  return html`<section class="card" aria-labelledby="nodes"><div class="card-head"><h2 id="nodes">Nodes</h2>${nodes.length > 0 ? add : nothing}</div>${list}</section>`;
}

const jobsCard = (stack: StackRecord, jobs: JobRecord[]): Html => html`<section class="card" aria-labelledby="jobs">
  <div class="card-head"><h2 id="jobs">Jobs</h2><a href="/jobs?stackId=${stack.id}">All jobs of this stack</a></div>
  <ul class="rows">${jobs.map(jobRow)}</ul></section>`;

function removeCard(stack: StackRecord, nodes: number, form: FormState): Html {
  const isOpen = Object.keys(form.errors).length > 0;
  return html`<section class="card"><details${isOpen ? html` open` : nothing}><summary>Delete this stack</summary>
    <form class="form" method="post" action="/stacks/${stack.id}/delete" novalidate>
      <p>This deletes the stack <strong>${stack.name}</strong> and ${count(nodes, "node", "nodes")} from your homelab. It cannot be undone.</p>
      ${errorSummary(form, { confirmation: "Name of the stack" }, "The stack was not deleted.")}
      ${textField(form, { name: "confirmation", label: "Name of the stack", hint: `Type ${stack.name} to confirm.` })}
      <div class="actions"><button class="button danger">Delete stack</button></div>
    </form></details></section>`;
}

export async function stackPage(
  caller: Caller,
  stack: StackRecord,
  key: string | undefined,
  forms: StackForms = {},
): Promise<Page> {
  const { store } = caller;
  const where = { stackId: stack.id };
  const [nodes, jobs] = await Promise.all([
    store.list("nodes", { limit: 200, sort: "createdAt", where }),
    store.list("jobs", { limit: 5, sort: "-createdAt", where }),
  ]);
  const mayWrite = canWrite(caller);
  const isEditing = forms.edit !== undefined;
  const body = html`${crumbs(["Stacks", "/stacks"])}${notice(key)}
  <div data-live>
    <div class="head"><div><h1>${stack.name}</h1>${stack.description ? html`<p class="muted">${stack.description}</p>` : nothing}</div>${stackPill(stack)}</div>
    <section class="card">${details(stack)}</section>
    <div class="columns">${nodesCard(stack, nodes.items, mayWrite)}${jobsCard(stack, jobs.items)}</div>
  </div>
  ${
    mayWrite
      ? html`<section class="card"><details${isEditing ? html` open` : nothing}><summary>Edit this stack</summary>
      ${stackForm(forms.edit ?? emptyForm(stackValuesOf(stack)), `/stacks/${stack.id}`, "Save changes")}</details></section>
      ${removeCard(stack, nodes.items.length, forms.remove ?? emptyForm())}`
      : nothing
  }`;
  return { title: stack.name, section: "stacks", isLive: true, body };
}
