/** What a form shows after its action refused it. */
import { data } from "@remix-run/node";
import { serviceProblemOf } from "../service-error.ts";

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

const SECRET_FIELDS = new Set(["password"]);

/**
 * The answer of an action whose call failed: the fields that were refused with the reasons, and what was typed.
 * @throws the error itself when it is not one that has words for people.
 */
export function refusedForm(error: unknown, values: Record<string, string>, requestId: string) {
  const problem = serviceProblemOf(error);
  if (problem === null) throw error;
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
