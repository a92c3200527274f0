/** Form fields: a label, a hint, and the error beside the field, tied together for screen readers. */
import { type Html, html, nothing } from "./html.ts";

/** What a form shows again after an error: what was typed, and what was wrong with it. */
export type FormState = { values: Record<string, string>; errors: Record<string, string> };

export const emptyForm = (values: Record<string, string> = {}): FormState => ({ values, errors: {} });

type FieldOptions = { name: string; label: string; hint?: string; isOptional?: boolean };

function field(
  form: FormState,
  { name, label, hint, isOptional }: FieldOptions,
  control: (attributes: Html) => Html,
): Html {
  const error = form.errors[name];
  const described = [hint ? `${name}-hint` : "", error ? `${name}-error` : ""].filter(Boolean).join(" ");
  const attributes = html`id="${name}" name="${name}"${described ? html` aria-describedby="${described}"` : nothing}${error ? html` aria-invalid="true"` : nothing}`;
  return html`<div class="field">
    <label for="${name}">${label}${isOptional ? html` <span class="optional">optional</span>` : nothing}</label>
    ${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : nothing}
    ${control(attributes)}
    ${error ? html`<p class="error" id="${name}-error">${error}</p>` : nothing}
  </div>`;
}

export const textField = (form: FormState, options: FieldOptions & { autocomplete?: string }): Html =>
  field(
    form,
    options,
    (attributes) =>
      html`<input type="text" ${attributes} value="${form.values[options.name] ?? ""}" autocomplete="off">`,
  );

export const textArea = (form: FormState, options: FieldOptions & { rows: number; isCode?: boolean }): Html =>
  field(
    form,
    options,
    (attributes) =>
      html`<textarea ${attributes} rows="${options.rows}"${options.isCode ? html` class="code" spellcheck="false"` : nothing}>${form.values[options.name] ?? ""}</textarea>`,
  );

export const selectField = (
  form: FormState,
  options: FieldOptions & { choices: ReadonlyArray<readonly [value: string, label: string]> },
): Html =>
  field(
    form,
    options,
    (attributes) =>
      html`<select ${attributes}>${options.choices.map(
        ([value, label]) =>
          html`<option value="${value}"${form.values[options.name] === value ? html` selected` : nothing}>${label}</option>`,
      )}</select>`,
  );

/** Above a form with errors: how many there are and where, with links to the fields. */
export function errorSummary(
  { errors }: FormState,
  labels: Record<string, string>,
  title = "This was not saved.",
): Html {
  const entries = Object.entries(errors);
  if (entries.length === 0) return nothing;
  const items = entries.map(([name, message]) =>
    labels[name] ? html`<li><a href="#${name}">${labels[name]}</a>: ${message}</li>` : html`<li>${message}</li>`,
  );
  return html`<div class="problem" role="alert"><p><strong>${title}</strong></p><ul>${items}</ul></div>`;
}
