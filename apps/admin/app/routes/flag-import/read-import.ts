/** A flagd file as it was sent: pasted, or as a file. Runs on the server. */
import { FLAGS_BODY_LIMIT } from "@kombify/agent-contract";

export type SentImport = {
  /** What is to be imported, as text; empty where nothing was sent. */
  text: string;
  mode: "merge" | "replace";
  /** Of flags that the file says no owner of. */
  owner: string;
};

const LIMIT_TEXT = `${FLAGS_BODY_LIMIT / 1_048_576} MiB`;
const TOO_LARGE = `The file is larger than ${LIMIT_TEXT}. Import it in parts.`;

type ReadImport = SentImport & {
  file: Record<string, unknown> | null;
  /** `path` is the `id` of the field. */
  problems: { path: string; message: string }[];
};

/** What goes around the file in a form: borders, the other fields, bytes that a form writes as three. */
const FORM_OVERHEAD = 3;

/** Whether a form is so large that it is not even read. */
export const isTooLarge = (request: Request): boolean =>
  Number(request.headers.get("content-length") ?? 0) > FLAGS_BODY_LIMIT * FORM_OVERHEAD;

export const tooLarge = (): ReadImport => ({
  text: "",
  mode: "merge",
  owner: "",
  file: null,
  problems: [{ path: "file", message: TOO_LARGE }],
});

/** An uploaded file outweighs what was pasted. */
export async function readImport(sent: FormData): Promise<ReadImport> {
  const upload = sent.get("upload");
  const isUpload = typeof upload === "object" && upload !== null && upload.size > 0;
  const isOver = isUpload && upload.size > FLAGS_BODY_LIMIT;
  const text = isOver ? "" : isUpload ? await upload.text() : String(sent.get("file") ?? "");
  const read: ReadImport = {
    text,
    mode: sent.get("mode") === "replace" ? "replace" : "merge",
    owner: String(sent.get("owner") ?? "").trim(),
    file: null,
    problems: [],
  };
  const refuse = (message: string) => ({ ...read, problems: [{ path: "file", message }] });
  if (isOver || Buffer.byteLength(text) > FLAGS_BODY_LIMIT) return { ...refuse(TOO_LARGE), text: "" };
  if (text.trim() === "") return refuse("Choose a file, or paste one.");
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    // V8 says where, which is what helps; the file itself is not repeated.
    const place = /\(line \d+ column \d+\)|at position \d+/.exec(String(error))?.[0];
    return refuse(
      `This is not JSON${place ? `: look ${place.replace(/[()]/g, "").replace(/^line/, "at line")}` : ""}.`,
    );
  }
  const flags = typeof file === "object" && file !== null ? (file as { flags?: unknown }).flags : undefined;
  if (Array.isArray(file) || typeof flags !== "object" || flags === null || Array.isArray(flags))
    return refuse('This is no flagd file: it needs an object "flags" with an entry for each flag.');
  return { ...read, file: file as Record<string, unknown> };
}
