/** The files of a namespace's records. */
import { COLLECTIONS, ServiceError } from "@kombify/agent-contract";
import type { Collection } from "../records.ts";
import type { FileRef, NamespaceTransfer, StoredFile } from "../transfer.ts";
import type { Client, PocketBaseCollection } from "./client.ts";
import { quote } from "./filters.ts";
import { hiddenColumns, readHidden, writeHidden } from "./hidden-columns.ts";
import { tableOf } from "./namespace-collections.ts";

const PAGE = 500;
/** A file token lives for three minutes; milliseconds. */
const TOKEN_LIFE_MS = 120_000;

const fileFields = ({ fields }: PocketBaseCollection) => fields.filter(({ type }) => type === "file");
const namesIn = (value: unknown): string[] =>
  [value].flat().filter((name): name is string => typeof name === "string" && name !== "");

export function createFiles(
  client: Client,
  slug: string,
  definitionOf: (collection: Collection) => Promise<PocketBaseCollection>,
  ensureFileField: (collection: string, field: string) => Promise<void>,
): Pick<NamespaceTransfer, "files" | "readFile" | "putFile" | "removeFile"> {
  const { pb } = client;
  let token: { value: string; until: number } | null = null;
  const fileToken = async (): Promise<string> => {
    if (!token || token.until < Date.now())
      token = { value: await pb.files.getToken(), until: Date.now() + TOKEN_LIFE_MS };
    return token.value;
  };

  const request = async (method: "GET" | "HEAD", { collection, recordId, name }: FileRef): Promise<Response> => {
    const record = { id: recordId, collectionName: tableOf(collection, slug), collectionId: "" };
    const answer = await fetch(pb.files.getURL(record, name, { token: await fileToken() }), { method });
    if (answer.ok) return answer;
    throw new ServiceError("UPSTREAM", `PocketBase does not give the file ${name} of ${record.collectionName}.`);
  };

  return {
    async *files() {
      for (const collection of COLLECTIONS) {
        const fields = fileFields(await definitionOf(collection))
          .map(({ name }) => name)
          .sort();
        if (fields.length === 0) continue;
        let after = "";
        for (;;) {
          const { items } = await pb.collection(tableOf(collection, slug)).getList(1, PAGE, {
            filter: after && `id > ${quote(after)}`,
            sort: "id",
            skipTotal: true,
            fields: ["id", ...fields].join(","),
          });

          for (const record of items)
            for (const field of fields)
              for (const name of namesIn(record[field]).sort()) {
                const file = { collection, recordId: record.id, field, name };
                const head = await request("HEAD", file);
                yield { ...file, size: Number(head.headers.get("content-length")) } satisfies StoredFile;
              }
          after = items.at(-1)?.id ?? "";
          if (items.length < PAGE) break;
        }
      }
    },
    readFile: async (file) => new Uint8Array(await (await request("GET", file)).arrayBuffer()),
    async putFile({ collection, recordId, field, name }, content) {
      const table = tableOf(collection, slug);
      await ensureFileField(table, field);
      const definition = await definitionOf(collection);
      const isOne = Number(definition.fields.find((known) => known.name === field)?.maxSelect ?? 1) <= 1;
      const columns = hiddenColumns(definition).filter(({ key }) => key !== "passwordHash" && key !== "tokenKey");
      const times = await readHidden(client, table, columns, [{ id: recordId }]);
      const body = new FormData();
      body.append(isOne ? field : `${field}+`, new Blob([content as Uint8Array<ArrayBuffer>]), name);
      await pb.collection(table).update(recordId, body);
      // PocketBase has noted a change that was none.
      await writeHidden(client, table, columns, [{ id: recordId, fields: {}, extra: times.get(recordId) ?? {} }]);
    },
    async removeFile({ collection, recordId, field, name }) {
      await pb.collection(tableOf(collection, slug)).update(recordId, { [`${field}-`]: [name] });
    },
  };
}
