import { STACK_MODES } from "@kombify/agent-contract";
import { errorSummary, type FormState, selectField, textArea, textField } from "../fields.ts";
import { type Html, html } from "../html.ts";
import type { Page } from "../layout.ts";
import { crumbs } from "./parts.ts";

const LABELS = {
  name: "Name",
  description: "Description",
  mode: "Mode",
  services: "Services",
  config: "Configuration",
};
const MODES: Record<(typeof STACK_MODES)[number], string> = {
  easy: "Easy: sensible choices are made for you",
  techie: "Techie: you decide every detail",
};

/** The fields of a stack, for creating and for editing. */
export const stackForm = (
  form: FormState,
  action: string,
  submit: string,
): Html => html`<form class="form" method="post" action="${action}" novalidate>
  ${errorSummary(form, LABELS)}
  ${textField(form, { name: "name", label: LABELS.name, hint: "Up to 60 characters. No other stack of yours may have it." })}
  ${textField(form, { name: "description", label: LABELS.description, isOptional: true })}
  ${selectField(form, { name: "mode", label: LABELS.mode, choices: STACK_MODES.map((mode) => [mode, MODES[mode]] as const) })}
  ${textArea(form, { name: "services", label: LABELS.services, rows: 4, hint: "One per line, such as traefik, jellyfin, home-assistant.", isOptional: true })}
  ${textArea(form, { name: "config", label: LABELS.config, rows: 6, isCode: true, hint: 'JSON, such as { "domain": "home.example" }.', isOptional: true })}
  <div class="actions"><button class="button primary">${submit}</button></div>
</form>`;

export const newStackPage = (form: FormState): Page => ({
  title: "New stack",
  section: "stacks",
  body: html`${crumbs(["Stacks", "/stacks"])}<div class="head"><div><h1>New stack</h1>
    <p class="muted">It is checked and set up right after you create it. You add the machines that it runs on afterwards.</p></div></div>
    <section class="card">${stackForm(form, "/stacks/new", "Create stack")}</section>`,
});
