import { NODE_ROLES } from "@kombify/agent-contract";
import type { NodeRecord, StackRecord } from "../../engine/records.ts";
import { errorSummary, type FormState, selectField, textField } from "../fields.ts";
import { html, nothing } from "../html.ts";
import type { Page } from "../layout.ts";
import { nodePill } from "../pill.ts";
import { crumbs } from "./parts.ts";

const LABELS = { name: "Name", role: "Role", address: "Address" };
const ROLES: Record<(typeof NODE_ROLES)[number], string> = {
  foundation: "Foundation: the first machine of a homelab",
  main: "Main: runs most services",
  worker: "Worker: takes load off the main machine",
  storage: "Storage: holds the data",
  "control-plane": "Control plane: manages a cluster",
  standalone: "Standalone: on its own",
};

/** Adding a node, or editing the one given. */
export function nodePage(stack: StackRecord, node: NodeRecord | null, form: FormState): Page {
  const title = node ? `Node ${node.name}` : "Add a node";
  const action = node ? `/stacks/${stack.id}/nodes/${node.id}` : `/stacks/${stack.id}/nodes/new`;
  const body = html`${crumbs(["Stacks", "/stacks"], [stack.name, `/stacks/${stack.id}`])}
  <div class="head"><div><h1>${title}</h1><p class="muted">A machine that ${stack.name} runs on.</p></div>${node ? nodePill(node) : nothing}</div>
  <section class="card"><form class="form" method="post" action="${action}" novalidate>
    ${errorSummary(form, LABELS)}
    ${textField(form, { name: "name", label: LABELS.name, hint: "How you call this machine, such as nas or mini-pc." })}
    ${selectField(form, { name: "role", label: LABELS.role, choices: NODE_ROLES.map((role) => [role, ROLES[role]] as const) })}
    ${textField(form, { name: "address", label: LABELS.address, hint: "Host name or IP address in your network, such as 192.168.1.20.", isOptional: true })}
    <div class="actions"><button class="button primary">${node ? "Save changes" : "Add node"}</button><a class="button quiet" href="/stacks/${stack.id}">Cancel</a></div>
  </form></section>
  ${
    node
      ? html`<section class="card"><details><summary>Remove this node</summary><form class="form" method="post" action="${action}/delete">
      <p>This takes <strong>${node.name}</strong> out of ${stack.name}. The machine itself is left alone.</p>
      <div class="actions"><button class="button danger">Remove node</button></div></form></details></section>`
      : nothing
  }`;
  return { title, section: "stacks", body };
}
