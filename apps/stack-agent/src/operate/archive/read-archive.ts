/**
 * Reads an archive and believes nothing: every line is checked, the sums are added up anew, and the end is compared with
 * the manifest. Whoever reads to the end without an error has read what was exported.
 */
import { createHash } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import type { z } from "zod";
import type { Collection } from "../../engine/records.ts";
import { differences, type FileRef, type StoredRecord } from "../../engine/transfer.ts";
import { Contents } from "./contents.ts";
import { refused, refusedAt } from "./damage.ts";
import {
  type ArchiveHeader,
  anyHeaderSchema,
  FORMAT_VERSION,
  fileLineSchema,
  headerSchema,
  type Manifest,
  manifestLineSchema,
  pieceLineSchema,
  recordLineSchema,
} from "./format.ts";
import { type Line, linesOf } from "./lines.ts";

export type ArchiveItem =
  | { kind: "header"; header: ArchiveHeader }
  | { kind: "record"; collection: Collection; record: StoredRecord; bytes: number }
  | { kind: "file"; file: FileRef; content: Buffer };

type Text = Record<string, unknown>;

function parseLine({ number, bytes }: Line): Text {
  // What is not UTF-8 would be replaced in silence, and the digest of the whole is known only at the end.
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Text;
  } catch (cause) {
    throw refusedAt(number, "it is not JSON. The file is damaged, or no archive.", cause);
  }
  throw refusedAt(number, "it is not an object. The file is damaged, or no archive.");
}

function parseAs<S extends z.ZodType>(schema: S, value: Text, number: number): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw refusedAt(number, `${issue?.path.join(".") || "it"}: ${issue?.message}`, result.error);
}

function parseHeader(value: Text, namespaceVersion: number): ArchiveHeader {
  const known = anyHeaderSchema.safeParse(value);
  if (!known.success) throw refused("it does not begin as an archive of a tenant does.", known.error);
  if (known.data.formatVersion > FORMAT_VERSION)
    throw refused(
      `its format ${known.data.formatVersion} is newer than ${FORMAT_VERSION}. Import it with a newer agent.`,
    );
  const header = parseAs(headerSchema, value, 1);
  if (header.namespaceVersion > namespaceVersion)
    throw refused(
      `its collections have version ${header.namespaceVersion}, this agent knows ${namespaceVersion}. Import it with a newer agent.`,
    );
  return header;
}

/**
 * The content of an archive, in its order, with records completed to the present definition.
 * @param namespaceVersion version of the collections that this agent can write.
 * @returns the manifest.
 * @throws ServiceError INVALID with the reason and the line for whatever is not as an export writes it.
 */
export async function* readArchive(
  source: AsyncIterable<Uint8Array>,
  namespaceVersion: number,
): AsyncGenerator<ArchiveItem, Manifest> {
  const hash = createHash("sha256");
  const contents = new Contents();
  let open: { file: FileRef; size: number; pieces: Buffer[]; bytes: number } | null = null;
  let manifest: Manifest | null = null;
  for await (const line of linesOf(source)) {
    const { number, bytes } = line;
    if (manifest) throw refusedAt(number, "there is more after the end of the archive.");
    const value = parseLine(line);
    if ("manifest" in value && number > 1) {
      ({ manifest } = parseAs(manifestLineSchema, value, number));
      continue;
    }
    hash.update(bytes);
    if (number === 1) {
      yield { kind: "header", header: parseHeader(value, namespaceVersion) };
      continue;
    }
    if (open) {
      const piece = Buffer.from(parseAs(pieceLineSchema, value, number).piece, "base64");
      open.pieces.push(piece);
      open.bytes += piece.length;
      if (open.bytes > open.size) throw refusedAt(number, `the file ${open.file.name} is longer than it says.`);
    } else if ("file" in value) {
      const { size, ...file } = parseAs(fileLineSchema, value, number).file;
      contents.beginFile(number, file);
      open = { file, size, pieces: [], bytes: 0 };
    } else {
      const { collection, ...raw } = parseAs(recordLineSchema, value, number);
      const record = contents.addRecord(number, collection, raw);
      yield { kind: "record", collection, record, bytes: bytes.length };
    }
    if (open && open.bytes === open.size) {
      const content = Buffer.concat(open.pieces);
      contents.addFile(open.file, content);
      yield { kind: "file", file: open.file, content };
      open = null;
    }
  }
  if (!manifest || open) throw refused("its end is missing. The file is not complete.");
  const parts = differences(contents.sums(), manifest.sums);
  if (parts.length > 0) throw refused(`its ${parts.join(" and ")} are not those of the manifest.`);
  if (hash.digest("hex") !== manifest.sha256) throw refused("its bytes are not those that were written.");
  return manifest;
}

/** Reads an archive to its end for nothing but finding faults. */
export async function verifyArchive(
  source: AsyncIterable<Uint8Array>,
  namespaceVersion: number,
): Promise<{ header: ArchiveHeader; manifest: Manifest }> {
  const items = readArchive(source, namespaceVersion);
  let header: ArchiveHeader | null = null;
  for (;;) {
    const { done, value } = await items.next();
    if (done && header) return { header, manifest: value };
    if (done) throw new ServiceError("INVALID", "An archive has a header.");
    if (value.kind === "header") header = value.header;
  }
}
