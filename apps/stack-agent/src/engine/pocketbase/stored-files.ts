/** Single files of records: giving, taking, telling how large. */
import { ServiceError } from "@kombify/agent-contract";
import type { FileRef } from "../transfer.ts";
import type { Client, PocketBaseCollection } from "./client.ts";
import { hiddenColumns, readHidden, writeHidden } from "./hidden-columns.ts";
import { tableOf } from "./namespace-collections.ts";
import type { SchemaLine } from "./schema-line.ts";

/** A file token lives for three minutes; milliseconds. */
const TOKEN_LIFE_MS = 120_000;

export type StoredFiles = ReturnType<typeof createStoredFiles>;

export function createStoredFiles({ pb, ...client }: Client, { ensureFileField }: SchemaLine) {
  let token: { value: string; until: number } | null = null;
  const fileToken = async (): Promise<string> => {
    if (!token || token.until < Date.now())
      token = { value: await pb.files.getToken(), until: Date.now() + TOKEN_LIFE_MS };
    return token.value;
  };
  const request = async (method: "GET" | "HEAD", table: string, id: string, name: string): Promise<Response> => {
    const record = { id, collectionName: table, collectionId: "" };
    const answer = await fetch(pb.files.getURL(record, name, { token: await fileToken() }), { method });
    if (answer.ok) return answer;
    throw new ServiceError("UPSTREAM", `PocketBase does not give the file ${name} of ${table}.`);
  };
  /** Changes a record's files without changing the times that PocketBase notes of changes. */
  const keepingTimes = async (table: string, id: string, body: object): Promise<void> => {
    const definition = (await pb.collections.getOne(table)) as unknown as PocketBaseCollection;
    const times = hiddenColumns(definition).filter(({ isSecret }) => !isSecret);
    const before = await readHidden({ pb, ...client }, table, times, [{ id }]);
    await pb.collection(table).update(id, body);
    await writeHidden({ pb, ...client }, table, times, [{ id, fields: {}, extra: before.get(id) ?? {} }]);
  };
  return {
    /** @returns its bytes. */
    read: async (table: string, id: string, name: string): Promise<Uint8Array> =>
      new Uint8Array(await (await request("GET", table, id, name)).arrayBuffer()),
    /** @returns its size in bytes. */
    sizeOf: async (table: string, id: string, name: string): Promise<number> =>
      Number((await request("HEAD", table, id, name)).headers.get("content-length")),
    async store(slug: string, { collection, recordId, field, name }: FileRef, content: Uint8Array): Promise<void> {
      const table = tableOf(collection, slug);
      await ensureFileField(table, field);
      const { fields } = (await pb.collections.getOne(table)) as unknown as PocketBaseCollection;
      const isOne = Number(fields.find((known) => known.name === field)?.maxSelect ?? 1) <= 1;
      const body = new FormData();
      body.append(isOne ? field : `${field}+`, new Blob([content as Uint8Array<ArrayBuffer>]), name);
      await keepingTimes(table, recordId, body);
    },
    remove: (slug: string, { collection, recordId, field, name }: FileRef): Promise<void> =>
      keepingTimes(tableOf(collection, slug), recordId, { [`${field}-`]: [name] }),
  };
}
