/** What pages make of the errors that procedures throw. */
import { data, redirect } from "@remix-run/node";

export type ServiceProblem = {
  code: string;
  message: string;
  status: number;
  fields: { path: string; message: string }[];
  retryAfterSeconds: number | undefined;
};

/**
 * The error as a service error, or null for any other. Told by its shape: pages are bundled, so their copy of the class
 * is not the one that the API throws.
 */
export function serviceProblemOf(error: unknown): ServiceProblem | null {
  if (!(error instanceof Error)) return null;
  if (error.name !== "ServiceError") return serviceProblemOf(error.cause);
  const { code, message, status, fields, retryAfterSeconds } = error as Error & Partial<ServiceProblem>;
  return { code: code ?? "", message, status: status ?? 500, fields: fields ?? [], retryAfterSeconds };
}

/** The answer, or null when nobody is signed in. */
export async function whenSignedIn<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (serviceProblemOf(error)?.status === 401) return null;
    throw error;
  }
}

/** What an error page can say about a refused call. */
export type RefusedPage = { message: string; requestId: string };

/**
 * The answer for a page. Somebody who is not signed in is sent to sign in and back; what does not exist, is not allowed,
 * or failed in a way that has words, becomes an error page with these words.
 */
export async function pageAnswer<T>(request: Request, requestId: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const problem = serviceProblemOf(error);
    if (problem === null) throw error;
    if (problem.status === 401) throw redirect(signInPath(request));
    throw data({ message: problem.message, requestId } satisfies RefusedPage, { status: problem.status });
  }
}

/** The id in a page's address. @throws the page of an address that no thing has. */
export function idOf(params: { id?: string | undefined }): string {
  const { id = "" } = params;
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return id;
  throw data(null, { status: 404 });
}

/** Where to sign in, with the way back to the page that was asked for. */
export function signInPath(request: Request): string {
  const { pathname, search } = new URL(request.url);
  const next = `${pathname}${search}`;
  return next === "/" ? "/login" : `/login?${new URLSearchParams({ next })}`;
}

/**
 * A path of this portal to go to after signing in; anything else, another host included, becomes `start`.
 * @param start where this portal begins for somebody who is signed in.
 */
export function safeNext(next: FormDataEntryValue | string | null | undefined, start: string): string {
  return typeof next === "string" && /^\/(?![/\\])[^\\\s]*$/.test(next) ? next : start;
}
