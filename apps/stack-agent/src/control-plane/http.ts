import { ERROR_STATUS, problemSchema, ServiceError } from "@kombify/agent-contract";
import { type Dispatcher, request } from "undici";
import type { z } from "zod";

/** An answer of several MiB is a document of 10,000 tenants; more is a fault at the other end. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

async function readText(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new ServiceError("UPSTREAM", "The control plane's answer is too large.");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(status: number, body: unknown): ServiceError {
  const problem = problemSchema.safeParse(body);
  if (problem.success)
    return new ServiceError(problem.data.code, problem.data.detail, {
      status,
      ...(problem.data.errors ? { fields: problem.data.errors } : {}),
    });
  return new ServiceError("UPSTREAM", `The control plane answered ${status}.`, { status: ERROR_STATUS.UPSTREAM });
}

/** What OpenSSL says of a chain that ends with a CA that is not ours, by Node's names (node:tls, X509 certificate error codes). */
const FOREIGN_CA = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_SIGNATURE_FAILURE",
]);

const unreachable = (cause: unknown): ServiceError => {
  if (cause instanceof Error && "code" in cause && FOREIGN_CA.has(String(cause.code)))
    return new ServiceError(
      "UPSTREAM",
      "The control plane shows a certificate of a CA that this host does not trust. If its CA was changed while this host was away, join again with a new token from the Admin center.",
      { cause },
    );
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? ` (${cause.code})` : "";
  return cause instanceof ServiceError
    ? cause
    : new ServiceError("UPSTREAM", `The control plane does not answer${code}.`, { cause });
};

export type CallOptions = { method?: "GET" | "POST"; body?: unknown; signal?: AbortSignal };

/**
 * One call to the control plane.
 * @returns the checked answer, or null for 304.
 * @throws ServiceError with the control plane's own code, or UPSTREAM when it does not answer as it should.
 */
export async function callControlPlane<S extends z.ZodType>(
  dispatcher: Dispatcher,
  url: string,
  schema: S,
  { method = "GET", body, signal }: CallOptions = {},
): Promise<z.output<S> | null> {
  let status: number;
  let text: string;
  try {
    const answer = await request(url, {
      dispatcher,
      method,
      ...(signal ? { signal } : {}),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json", accept: "application/json" } }),
    });
    status = answer.statusCode;
    text = await readText(answer.body);
  } catch (cause) {
    throw unreachable(cause);
  }
  if (status === 304) return null;
  if (status >= 300) throw refusal(status, parse(text));
  const parsed = schema.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  throw new ServiceError("UPSTREAM", "The control plane's answer is not as agreed. Is its version newer?", {
    cause: parsed.error,
  });
}
