/**
 * A multipart body (RFC 7578) on its way through: names of fields are changed, short texts rewritten, fields added at the
 * end. Files pass in the pieces in which they come and are never held whole.
 */
import { ServiceError } from "@kombify/agent-contract";

export type MultipartRewrite = {
  rename(name: string): string;
  /** What becomes of the text of a field; null leaves it as it passes. */
  rewrite(name: string): ((text: string) => Promise<string> | string) | null;
  /** Fields to add at the end. @param seen names of the fields that came, as they are now. */
  complete(seen: ReadonlySet<string>): Record<string, string>;
};

const CRLF = "\r\n";
/** Bytes of the headers of one part. */
const MAX_HEADERS = 16 * 1024;
/** Bytes of a text that is rewritten: what PocketBase allows for the data of a batch without its files is less. */
const MAX_TEXT = 16 * 1024 * 1024;

const malformed = (what: string): ServiceError =>
  new ServiceError("INVALID", `The multipart body is not right: ${what}.`);

/** @throws ServiceError INVALID for a content type without a boundary. */
export function boundaryOf(contentType: string): string {
  const match = /;\s*boundary=(?:"([^"]{1,200})"|([^;\s]{1,200}))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw malformed("its content type names no boundary");
  return boundary;
}

/** `name="..."` of a part's headers, with the text around it. */
const NAME = /(content-disposition:[^\r\n]*?;\s*name=")([^"]*)(")/i;
const isFile = (headers: string): boolean => /content-disposition:[^\r\n]*;\s*filename\*?=/i.test(headers);

type Part = { collected: Buffer[] | null; size: number; finish: ((text: string) => Promise<string> | string) | null };

export function rewriteMultipart(boundary: string, rewrite: MultipartRewrite): TransformStream<Uint8Array, Uint8Array> {
  const delimiter = Buffer.from(`${CRLF}--${boundary}`, "latin1");
  const seen = new Set<string>();
  // The first delimiter may stand at the very beginning; with a line break before it, all are alike.
  let rest: Buffer = Buffer.from(CRLF);
  let state: "preamble" | "delimiter" | "headers" | "content" | "epilogue" = "preamble";
  let part: Part = { collected: null, size: 0, finish: null };
  type Out = TransformStreamDefaultController<Uint8Array>;

  const pass = (out: Out, bytes: Buffer): void => {
    if (bytes.length === 0 || state === "preamble") return;
    if (!part.collected) {
      out.enqueue(new Uint8Array(bytes));
      return;
    }
    part.size += bytes.length;
    if (part.size > MAX_TEXT)
      throw new ServiceError("INVALID", `A field is larger than ${MAX_TEXT} bytes.`, { status: 413 });
    part.collected.push(Buffer.from(bytes));
  };
  const finishPart = async (out: Out): Promise<void> => {
    const { collected, finish } = part;
    part = { collected: null, size: 0, finish: null };
    if (collected && finish) out.enqueue(Buffer.from(await finish(Buffer.concat(collected).toString("utf8"))));
  };
  const added = (): string =>
    Object.entries(rewrite.complete(seen))
      .map(
        ([name, value]) =>
          `${CRLF}--${boundary}${CRLF}Content-Disposition: form-data; name="${name}"${CRLF}${CRLF}${value}`,
      )
      .join("");
  const readHeaders = (out: Out, headers: string): void => {
    const name = NAME.exec(headers)?.[2] ?? "";
    const now = rewrite.rename(name);
    seen.add(now);
    const finish = isFile(headers) ? null : rewrite.rewrite(now);
    part = { collected: finish ? [] : null, size: 0, finish };
    out.enqueue(
      Buffer.from(
        headers.replace(NAME, (_, before, __, after) => before + now + after),
        "utf8",
      ),
    );
  };

  /** One step as far as the bytes allow. @returns whether there may be another. */
  const advance = async (out: Out, isLast: boolean): Promise<boolean> => {
    if (state === "preamble" || state === "content") {
      const at = rest.indexOf(delimiter);
      const safe = at >= 0 ? at : isLast ? rest.length : Math.max(0, rest.length - delimiter.length);
      pass(out, rest.subarray(0, safe));
      rest = rest.subarray(safe);
      if (at < 0) return false;
      await finishPart(out);
      rest = rest.subarray(delimiter.length);
      state = "delimiter";
      return true;
    }
    if (state === "delimiter") {
      if (rest.length < 2) return false;
      const isEnd = rest.subarray(0, 2).toString("latin1") === "--";
      if (isEnd) out.enqueue(Buffer.from(added()));
      out.enqueue(Buffer.from(`${CRLF}--${boundary}`, "latin1"));
      state = isEnd ? "epilogue" : "headers";
      return true;
    }
    if (state === "headers") {
      const end = rest.indexOf(`${CRLF}${CRLF}`);
      if (end < 0 && rest.length > MAX_HEADERS) throw malformed("the headers of a part are too long");
      if (end < 0) return false;
      readHeaders(out, rest.subarray(0, end + 4).toString("utf8"));
      rest = rest.subarray(end + 4);
      state = "content";
      return true;
    }
    out.enqueue(new Uint8Array(rest));
    rest = Buffer.alloc(0);
    return false;
  };

  return new TransformStream({
    async transform(chunk, out) {
      rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
      while (await advance(out, false));
    },
    async flush(out) {
      while (await advance(out, true));
      if (state !== "epilogue") throw malformed("it ends in the middle");
    },
  });
}
