import { createHash } from "node:crypto";
import { type CollectionName, ServiceError } from "@kombify/agent-contract";
import {
  fileEntry,
  type NamespaceSum,
  type NamespaceTransfer,
  sumOfFiles,
  Tally,
  TRANSFER_ORDER,
} from "../../engine/transfer.ts";
import { type ArchiveHeader, MAX_LINE_BYTES, type Manifest, PIECE_BYTES } from "./format.ts";

/** Lines are gathered to about this many bytes: one write of the disk for many records. */
const CHUNK_BYTES = 256 * 1024;

function* piecesOf(content: Uint8Array): Generator<object> {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES)
    yield { piece: bytes.toString("base64", at, Math.min(at + PIECE_BYTES, bytes.length)) };
}

/** Everything in the archive but the manifest, whose sums it returns. */
async function* contentOf(namespace: NamespaceTransfer, header: ArchiveHeader): AsyncGenerator<object, NamespaceSum> {
  yield header;
  const sums: Partial<NamespaceSum> = {};
  for (const collection of TRANSFER_ORDER) {
    const tally = new Tally();
    for await (const records of namespace.read(collection))
      for (const record of records) {
        tally.add(record);
        yield { collection, ...record };
      }
    sums[collection] = tally.sum();
  }
  const entries: string[] = [];
  for await (const { collection, recordId, field, name } of namespace.files()) {
    const content = await namespace.readFile({ collection, recordId, field, name });
    entries.push(fileEntry({ collection, recordId, field, name }, content));
    yield { file: { collection, recordId, field, name, size: content.byteLength } };
    yield* piecesOf(content);
  }
  return { ...(sums as Record<CollectionName, Manifest["sums"]["users"]>), files: sumOfFiles(entries) };
}

/**
 * Writes the archive of a namespace, some hundred kilobytes at a time. Nothing may write to the namespace meanwhile.
 * @throws ServiceError LIMIT_REACHED for a record that is too long for an archive; what `write` throws.
 */
export async function writeArchive(
  namespace: NamespaceTransfer,
  header: ArchiveHeader,
  write: (chunk: Uint8Array) => Promise<void>,
): Promise<Manifest> {
  const hash = createHash("sha256");
  let pending: Buffer[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const chunk = Buffer.concat(pending);
    pending = [];
    bytes = 0;
    await write(chunk);
  };
  const content = contentOf(namespace, header);
  for (;;) {
    const { done, value } = await content.next();
    if (done) {
      const manifest = { sums: value, sha256: hash.digest("hex") };
      pending.push(Buffer.from(`${JSON.stringify({ manifest })}\n`));
      await flush();
      return manifest;
    }
    const line = Buffer.from(`${JSON.stringify(value)}\n`);
    if (line.length > MAX_LINE_BYTES) {
      const what = "id" in value ? `The record ${value.id}` : "A record";
      throw new ServiceError("LIMIT_REACHED", `${what} is longer than the ${MAX_LINE_BYTES} bytes of a line.`);
    }
    hash.update(line);
    pending.push(line);
    bytes += line.length;
    if (bytes >= CHUNK_BYTES) await flush();
  }
}
