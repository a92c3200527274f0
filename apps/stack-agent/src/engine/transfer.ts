/**
 * A namespace as something that can be carried: read whole, written whole, compared by counts and digests. Both engines
 * read the same records out of the same data, so a digest means the same on either.
 */
import { createHash, type Hash } from "node:crypto";
import { COLLECTIONS } from "@kombify/agent-contract";
import type { Collection } from "./records.ts";

/** A record with everything that belongs to it. Times are RFC 3339 text with milliseconds, as JSON has them. */
export type StoredRecord = {
  id: string;
  /** Every field of FIELDS but the id, by its name there. */
  fields: Record<string, unknown>;
  /**
   * What else the record has: fields of a single-tenant Stack that we do not know, and of people who log in with a
   * password its hash (`passwordHash`) and the key of their tokens (`tokenKey`). Files are not here, see StoredFile.
   */
  extra: Record<string, unknown>;
};

export type FileRef = { collection: Collection; recordId: string; field: string; name: string };
/** `size` in bytes. */
export type StoredFile = FileRef & { size: number };

export interface NamespaceTransfer {
  readonly slug: string;
  /** Every record, in the order of ids, some hundred at a time. */
  read(collection: Collection): AsyncIterable<StoredRecord[]>;
  /** Writes records as they are: those that are there are replaced. What they refer to must be there already. */
  put(collection: Collection, records: readonly StoredRecord[]): Promise<void>;
  /** Removes records with their files; those that are not there are fine. */
  remove(collection: Collection, ids: readonly string[]): Promise<void>;
  /** Every file, in the order of collection, record, field and name. */
  files(): AsyncIterable<StoredFile>;
  readFile(file: FileRef): Promise<Uint8Array>;
  /** Adds a file to a record. The engine may give it another name: PocketBase adds random letters to every name. */
  putFile(file: FileRef, content: Uint8Array): Promise<void>;
  removeFile(file: FileRef): Promise<void>;
}

/** Order in which records can be written so that what they refer to is there. */
export const TRANSFER_ORDER: readonly Collection[] = COLLECTIONS;

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, sorted(entry)]));
}

/** JSON with sorted keys: equal values have equal texts. */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value));

export const digestOf = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** Adds up records or files, in the order in which they come, to a count and a digest (SHA-256, hex). */
export class Tally {
  count = 0;
  readonly #hash: Hash = createHash("sha256");
  add(value: unknown): void {
    this.count += 1;
    this.#hash.update(`${canonicalJson(value)}\n`);
  }
  /** Ends the counting. */
  sum(): Sum {
    return { count: this.count, digest: this.#hash.digest("hex") };
  }
}
export type Sum = { count: number; digest: string };

/** Count and digest of each collection and of the files. Files count by what they hold, not by their names. */
export type NamespaceSum = Record<Collection | "files", Sum>;

/** What a file counts as: where it belongs and what it holds. */
export const fileEntry = ({ collection, recordId, field }: FileRef, content: Uint8Array): string =>
  canonicalJson({ collection, recordId, field, size: content.byteLength, digest: digestOf(content) });

/** Adds up the entries of files, in whatever order they come. */
export function sumOfFiles(entries: readonly string[]): Sum {
  const tally = new Tally();
  for (const entry of [...entries].sort()) tally.add(entry);
  return tally.sum();
}

export async function sumOf(namespace: NamespaceTransfer): Promise<NamespaceSum> {
  const sums: Partial<NamespaceSum> = {};
  for (const collection of TRANSFER_ORDER) {
    const tally = new Tally();
    for await (const records of namespace.read(collection)) for (const record of records) tally.add(record);
    sums[collection] = tally.sum();
  }
  const files: string[] = [];
  for await (const file of namespace.files()) files.push(fileEntry(file, await namespace.readFile(file)));
  return { ...sums, files: sumOfFiles(files) } as NamespaceSum;
}

/** Names of the parts in which two namespaces differ; empty when they hold the same. */
export const differences = (a: NamespaceSum, b: NamespaceSum): string[] =>
  Object.keys(a).filter((part) => canonicalJson(a[part as Collection]) !== canonicalJson(b[part as Collection]));
