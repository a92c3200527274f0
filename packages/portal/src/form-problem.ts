/** What a form shows after its action refused it. */
import { data, redirect } from "@remix-run/node";
import { serviceProblemOf, signInPath } from "./service-error.ts";

export type FormProblem = {
  message: string;
  fields: { path: string; message: string }[];
  /** What was typed, without secrets, so that nothing has to be typed twice. */
  values: Record<string, string>;
  requestId: string;
};

/** Fields of a form as text. A file, which no form here has, counts as empty. */
export function textFields(form: FormData): Record<string, string> {
  return Object.fromEntries([...form].map(([name, value]) => [name, typeof value === "string" ? value : ""]));
}

/** A number as somebody typed it; what is no number stays text, so that the schema says what would be right. */
export function numberField(text: string | undefined): number | string | undefined {
  const trimmed = text?.trim() ?? "";
  return trimmed === "" ? undefined : /^-?\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed;
}

const SECRET_FIELDS = new Set(["password"]);

/**
 * The answer of an action whose call failed: the fields that were refused with the reasons, and what was typed.
 * @throws the error itself when it has no words for people; a redirect when the session has ended and the form is not
 * the one that signs in.
 */
export function refusedForm(
  error: unknown,
  values: Record<string, string>,
  requestId: string,
  signedIn?: { request: Request },
) {
  const problem = serviceProblemOf(error);
  if (problem === null) throw error;
  if (problem.status === 401 && signedIn) throw redirect(signInPath(signedIn.request));
  const { fields, status } = problem;
  const formProblem: FormProblem = {
    message: summaryOf(problem.message, fields.length, problem.retryAfterSeconds),
    fields,
    values: Object.fromEntries(Object.entries(values).filter(([name]) => !SECRET_FIELDS.has(name))),
    requestId,
  };
  return data({ problem: formProblem }, { status });
}

function summaryOf(message: string, refusedFields: number, retryAfterSeconds: number | undefined): string {
  if (refusedFields > 0) return refusedFields === 1 ? "One thing to correct" : `${refusedFields} things to correct`;
  if (retryAfterSeconds === undefined) return message;
  const wait = retryAfterSeconds < 90 ? `${retryAfterSeconds} seconds` : `${Math.ceil(retryAfterSeconds / 60)} minutes`;
  return message.includes(wait) ? message : `${message} Try again in ${wait}.`;
}

/** The reason why a field was refused, to stand beside it. */
export function fieldError(problem: FormProblem | undefined, path: string): string | undefined {
  return problem?.fields.find((field) => field.path === path)?.message;
}
