import { type FieldError, invalidInput, ServiceError } from "@kombify/agent-contract";
import type { Context, MiddlewareHandler } from "hono";
import type { z } from "zod";

/** Limits of one request body; the defaults are those of every route that states no others. */
export type BodyLimit = {
  maxBytes?: number;
  /** Of JSON, which is held whole, where it differs. */
  maxJsonBytes?: number;
  maxDepth?: number;
};

const DEFAULT_MAX_BYTES = 1024 * 1024;
const DEFAULT_MAX_DEPTH = 32;

const tooLarge = (maxBytes: number): ServiceError =>
  new ServiceError("INVALID", `The body is larger than ${maxBytes} bytes. Send less at once.`, { status: 413 });

const isJson = (contentType: string | undefined): boolean =>
  /^application\/([\w.-]+\+)?json\b/i.test(contentType?.trim() ?? "");

/**
 * Deepest nesting of arrays and objects in a JSON text, found without building it, so that a hostile text costs one
 * pass and no stack. Brackets inside strings do not count.
 */
export function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) {
      for (i++; i < text.length && text.charCodeAt(i) !== 34; i++) if (text.charCodeAt(i) === 92) i++;
    } else if (code === 123 || code === 91) {
      depth++;
      if (depth > deepest) deepest = depth;
    } else if (code === 125 || code === 93) depth--;
  }
  return deepest;
}

async function readWhole(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function countBytes(maxBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) controller.error(tooLarge(maxBytes));
      else controller.enqueue(chunk);
    },
  });
}

async function limitBody(c: Context, limit: BodyLimit) {
  if (c.req.method === "GET" || c.req.method === "HEAD") return;
  const { maxDepth = DEFAULT_MAX_DEPTH } = limit;
  const any = limit.maxBytes ?? DEFAULT_MAX_BYTES;
  const maxBytes = isJson(c.req.header("content-type")) ? (limit.maxJsonBytes ?? any) : any;
  const declared = c.req.header("content-length");
  if (declared !== undefined && Number(declared) > maxBytes) throw tooLarge(maxBytes);
  if (declared === "0" || (declared === undefined && c.req.header("transfer-encoding") === undefined)) return;
  const body = c.req.raw.body;
  if (!body) return;
  if (!isJson(c.req.header("content-type"))) {
    c.req.raw = new Request(c.req.raw, { body: body.pipeThrough(countBytes(maxBytes)), duplex: "half" });
    return;
  }
  const bytes = await readWhole(body, maxBytes);
  if (jsonDepth(bytes.toString("utf8")) > maxDepth)
    throw new ServiceError("INVALID", `The body is nested deeper than ${maxDepth} levels. Flatten it.`);
  c.req.raw = new Request(c.req.raw, { body: new Uint8Array(bytes), duplex: "half" });
}

/**
 * Refuses bodies that are too large (413) or, for JSON, nested too deeply (400), before a handler sees them. A JSON body
 * is read once and stays readable through `c.req.raw`; other bodies are counted while they stream.
 * @param limit the limit, or a function of the path; undefined means the defaults, 1 MiB and 32 levels.
 */
export function limitBodies(limit?: BodyLimit | ((path: string) => BodyLimit | undefined)): MiddlewareHandler {
  return async (c, next) => {
    await limitBody(c, (typeof limit === "function" ? limit(c.req.path) : limit) ?? {});
    await next();
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ServiceError("INVALID", "The body is not valid JSON.", { cause });
  }
}

/** Names the key and says what is allowed, instead of Zod's list of keys at the top level. */
function unknownKeys(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({
          path: [...issue.path.map(String), key].join("."),
          message: "This field is not known here. Leave it out.",
        }))
      : [],
  );
}

/**
 * The JSON body of a request, checked.
 * @throws ServiceError INVALID with one entry per refused field; status 415 when the body is not declared as JSON.
 */
export async function readJson<S extends z.ZodType>(c: Context, schema: S): Promise<z.output<S>> {
  if (!isJson(c.req.header("content-type")))
    throw new ServiceError("INVALID", "Send the body as JSON, with Content-Type: application/json.", { status: 415 });
  const result = await schema.safeParseAsync(parseJson(await c.req.text()));
  if (result.success) return result.data;
  const invalid = invalidInput(result.error);
  const keys = unknownKeys(result.error);
  if (keys.length === 0) throw invalid;
  const others = (invalid.fields ?? []).filter((_, index) => result.error.issues[index]?.code !== "unrecognized_keys");
  const first = others[0] ?? keys[0];
  throw new ServiceError("INVALID", `${first?.path}: ${first?.message}`, { fields: [...others, ...keys] });
}
