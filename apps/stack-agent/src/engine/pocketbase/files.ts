/** The files of a namespace's records. */
import { COLLECTIONS } from "@kombify/agent-contract";
import { ClientResponseError } from "pocketbase";
import type { Collection } from "../records.ts";
import type { FileRef, NamespaceTransfer, StoredFile } from "../transfer.ts";
import type { Client, PocketBaseCollection } from "./client.ts";
import { quote } from "./filters.ts";
import { tableOf } from "./namespace-collections.ts";
import type { PendingFiles } from "./pending-files.ts";
import type { StoredFiles } from "./stored-files.ts";
import { FOREIGN_PERSON } from "./strangers.ts";

const PAGE = 500;

const namesIn = (value: unknown): string[] =>
  [value].flat().filter((name): name is string => typeof name === "string" && name !== "");
const isSame = (a: FileRef, b: FileRef): boolean =>
  a.collection === b.collection && a.recordId === b.recordId && a.field === b.field && a.name === b.name;

export function createFiles(
  { pb }: Client,
  slug: string,
  definitionOf: (collection: Collection) => Promise<PocketBaseCollection>,
  stored: StoredFiles,
  pending: PendingFiles,
): Pick<NamespaceTransfer, "files" | "readFile" | "putFile" | "removeFile"> {
  /** Files in one collection, in order. */
  async function* inCollection(collection: Collection): AsyncGenerator<FileRef> {
    const { fields: all } = await definitionOf(collection);
    const fields = all.flatMap(({ name, type }) => (type === "file" ? [name] : [])).sort();
    if (fields.length === 0) return;
    let after = "";
    for (;;) {
      const filter = after && `id > ${quote(after)}`;
      const { items } = await pb
        .collection(tableOf(collection, slug))
        .getList(1, PAGE, { filter, sort: "id", skipTotal: true, fields: ["id", ...fields].join(",") });
      for (const record of items)
        for (const field of fields)
          for (const name of namesIn(record[field]).sort()) yield { collection, recordId: record.id, field, name };
      after = items.at(-1)?.id ?? "";
      if (items.length < PAGE) return;
    }
  }
  const waiting = async (file: FileRef) => (await pending.ofSlug(slug)).find((other) => isSame(other, file));

  return {
    async *files(): AsyncGenerator<StoredFile> {
      for (const { collection, recordId, field, name, ...rest } of await pending.ofSlug(slug)) {
        const file = { collection, recordId, field, name };
        yield { ...file, size: await pending.sizeOf({ ...file, ...rest }) };
      }
      for (const collection of COLLECTIONS)
        for await (const file of inCollection(collection))
          yield { ...file, size: await stored.sizeOf(tableOf(collection, slug), file.recordId, file.name) };
    },
    async readFile(file) {
      const found = file.collection === "users" ? await waiting(file) : undefined;
      return found ? pending.read(found) : stored.read(tableOf(file.collection, slug), file.recordId, file.name);
    },
    async putFile(file, content) {
      try {
        await stored.store(slug, file, content);
      } catch (error) {
        const isStranger = error instanceof ClientResponseError && error.data.data?.id?.code === FOREIGN_PERSON;
        if (!isStranger) throw error;
        await pending.add(slug, file, content);
      }
    },
    async removeFile(file) {
      const found = file.collection === "users" ? await waiting(file) : undefined;
      await (found ? pending.remove(found) : stored.remove(slug, file));
    },
  };
}
