/** From what a person typed into a form to what the verbs take, and back from what was refused to the fields. */
import { type FieldError, ServiceError } from "@kombify/agent-contract";
import type { StackRecord } from "../engine/records.ts";
import type { FormState } from "./fields.ts";

/** Text fields of a form; files and repeated fields count as absent. */
export function textsOf(body: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(body).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** Services one per line or separated by commas. */
const splitServices = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((service) => service.trim())
    .filter(Boolean);

function parseConfig(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = 'This is not JSON. It looks like { "domain": "home.example" }.';
    throw new ServiceError("INVALID", message, { cause, fields: [{ path: "config", message }] });
  }
}

/** @throws ServiceError INVALID when the configuration is not JSON. */
export const stackInputOf = (values: Record<string, string>): Record<string, unknown> => ({
  name: values.name ?? "",
  description: values.description ?? "",
  mode: values.mode ?? "",
  services: splitServices(values.services ?? ""),
  config: parseConfig(values.config ?? ""),
});

export const stackValuesOf = (stack: StackRecord): Record<string, string> => ({
  name: stack.name,
  description: stack.description,
  mode: stack.mode,
  services: stack.services.join("\n"),
  config: Object.keys(stack.config).length > 0 ? JSON.stringify(stack.config, null, 2) : "",
});

/** The form again, with each error at its field: `services.0` belongs to the field `services`. */
export function refusedForm(values: Record<string, string>, error: ServiceError): FormState {
  const fields: FieldError[] = error.fields ?? [{ path: "form", message: error.message }];
  const errors: Record<string, string> = {};
  for (const { path, message } of fields) {
    const [field = "", ...rest] = path.split(".");
    // Inside the configuration the person has to find the place; a service is named by the message itself.
    const where = field === "config" && rest.length > 0 ? `${rest.join(".")}: ` : "";
    errors[field || "form"] ??= `${where}${message}`;
  }
  return { values, errors };
}
