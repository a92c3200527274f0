import { STACK_STATUSES } from "@kombify/agent-contract";
import { type Caller, canWrite } from "../../stack-api/caller.ts";
import { emptyForm, selectField } from "../fields.ts";
import { html, nothing } from "../html.ts";
import { icon } from "../icons.ts";
import type { Page } from "../layout.ts";
import { stackStatusLabel } from "../pill.ts";
import { emptyState, nextPage, notice, stackRow } from "./parts.ts";

export async function stacksPage(caller: Caller, query: Record<string, string>): Promise<Page> {
  const { status, cursor } = query;
  const filters: Record<string, string> = status ? { status } : {};
  const page = await caller.store.list("stacks", {
    limit: 25,
    sort: "-createdAt",
    cursor,
    filters,
    where: { deletedAt: null },
  });
  const create = canWrite(caller)
    ? html`<a class="button primary" href="/stacks/new">${icon("plus")}<span>New stack</span></a>`
    : nothing;
  const choices = [
    ["", "Every state"] as const,
    ...STACK_STATUSES.map((value) => [value, stackStatusLabel(value)] as const),
  ];
  const isFiltered = Boolean(status || cursor);
  const list =
    page.items.length > 0
      ? html`<ul class="rows">${page.items.map(stackRow)}</ul>`
      : isFiltered
        ? emptyState(
            "stack",
            "No stack is in this state",
            "Choose another state, or see them all.",
            html`<a class="button" href="/stacks">All stacks</a>`,
          )
        : emptyState(
            "stack",
            "No stacks yet",
            "A stack is a set of services that run together: media, smart home, backups.",
            create,
          );
  const body = html`${notice(query.notice)}
  <div class="head"><div><h1>Stacks</h1><p class="muted">Sets of services that run together.</p></div>${page.items.length > 0 || isFiltered ? create : nothing}</div>
  <form class="filters" method="get">${selectField(emptyForm({ status: status ?? "" }), { name: "status", label: "State", choices })}<button class="button">Filter</button></form>
  <div data-live><section class="card">${list}</section>${nextPage("/stacks", filters, page.nextCursor)}</div>`;
  return { title: "Stacks", section: "stacks", isLive: true, body };
}
