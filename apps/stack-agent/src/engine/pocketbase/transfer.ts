/** Reading and writing whole namespaces on PocketBase, with what its API alone does not give: password hashes, given times. */
import type { RecordModel } from "pocketbase";
import { FIELDS, type Field } from "../collections.ts";
import type { Collection, Records } from "../records.ts";
import type { NamespaceTransfer, StoredRecord } from "../transfer.ts";
import { type BatchRequest, type Client, type PocketBaseCollection, recordsUrl } from "./client.ts";
import { columnOf, fromRecord, toBody } from "./codec.ts";
import { createFiles } from "./files.ts";
import { quote } from "./filters.ts";
import { hiddenColumns, readHidden, writeHidden } from "./hidden-columns.ts";
import { tableOf } from "./namespace-collections.ts";
import type { PendingFiles } from "./pending-files.ts";
import { goneOr } from "./reads.ts";
import type { StoredFiles } from "./stored-files.ts";
import { isForeignPerson, putAsStrangers } from "./strangers.ts";
import { newPassword } from "./write.ts";

const PAGE = 500;
/** Records of one batch; with people each may cost PocketBase the hashing of a password. */
const BATCH = 200;

/** PocketBase takes filters of 3,500 characters (tools/search/provider.go). */
const IDS_A_FILTER = 60;

/** What every record of PocketBase has and what is not the record's own. */
const NOT_OURS = new Set(["id", "collectionId", "collectionName", "expand", "extra", "password", "tokenKey"]);
const isEmpty = (value: unknown): boolean =>
  value === "" || value === 0 || value === false || value === null || (Array.isArray(value) && value.length === 0);

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

const toJson = (value: unknown): unknown => (value instanceof Date ? value.toISOString() : value);

/** Fields of a collection that the definition does not know: a single-tenant Stack's own. */
function foreignFields(collection: Collection, { fields }: PocketBaseCollection): PocketBaseCollection["fields"] {
  const ours = new Set(Object.values<Field>(FIELDS[collection]).map((field) => columnOf(collection, field)));
  return fields.filter(({ name, type }) => !ours.has(name) && !NOT_OURS.has(name) && type !== "file");
}

export function createTransfer(
  client: Client,
  slug: string,
  stored: StoredFiles,
  pending: PendingFiles,
): NamespaceTransfer {
  const { pb } = client;
  const definitionOf = async (collection: Collection): Promise<PocketBaseCollection> =>
    (await pb.collections.getOne(tableOf(collection, slug)).catch((error: unknown) => {
      throw goneOr(error);
    })) as unknown as PocketBaseCollection;

  const page = async (collection: Collection, after: string | null): Promise<RecordModel[]> => {
    const filter = after === null ? "" : `id > ${quote(after)}`;
    const { items } = await pb
      .collection(tableOf(collection, slug))
      .getList(1, PAGE, { filter, sort: "id", skipTotal: true })
      .catch((error: unknown) => {
        throw goneOr(error);
      });
    return items;
  };
  const known = async (collection: Collection, ids: readonly string[]): Promise<Set<string>> => {
    const found = new Set<string>();
    for (const some of chunks(ids, IDS_A_FILTER)) {
      const filter = some.map((id) => `id = ${quote(id)}`).join(" || ");
      const records = await pb.collection(tableOf(collection, slug)).getFullList({ filter, fields: "id", batch: PAGE });
      for (const { id } of records) found.add(id);
    }
    return found;
  };

  const toStored = (
    collection: Collection,
    foreign: PocketBaseCollection["fields"],
    record: RecordModel,
    hidden: Record<string, string> | undefined,
  ): StoredRecord => {
    const { id, ...fields } = fromRecord(collection, record) as Records[Collection];
    const legacy = foreign
      .map(({ name }) => [name, record[name]] as const)
      .filter(([, value]) => value !== undefined && !isEmpty(value));
    return {
      id,
      fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, toJson(value)])),
      extra: { ...record.extra, ...Object.fromEntries(legacy), ...hidden },
    };
  };

  /** The body that stores a record; what only SQL can store goes back beside it. */
  const toRequest = (
    collection: Collection,
    foreign: PocketBaseCollection["fields"],
    record: StoredRecord,
    isKnown: boolean,
    isHidden: (name: string) => boolean,
  ): BatchRequest => {
    const names = new Set(foreign.map(({ name }) => name));
    const extra = Object.entries(record.extra).filter(([name]) => !isHidden(name));
    const given = Object.fromEntries(extra.filter(([name]) => names.has(name)));
    const unset = foreign
      .filter(({ name, system, type }) => !(name in given) && !system && type !== "autodate" && isKnown)
      .map(({ name }) => [name, null]);
    const body = {
      ...toBody(collection, record.fields),
      ...Object.fromEntries(unset),
      ...given,
      extra: Object.fromEntries(extra.filter(([name]) => !names.has(name))),
    };
    const table = tableOf(collection, slug);
    if (isKnown) return { method: "PATCH", url: recordsUrl(table, record.id), body };
    const password = collection === "users" ? newPassword() : {};
    return { method: "POST", url: recordsUrl(table), body: { id: record.id, ...body, ...password } };
  };

  return {
    slug,
    async *read(collection) {
      const definition = await definitionOf(collection);
      const foreign = foreignFields(collection, definition);
      const hidden = hiddenColumns(definition);
      let after: string | null = null;
      for (;;) {
        const records = await page(collection, after);
        const values = await readHidden(client, definition.name, hidden, records);
        if (records.length > 0)
          yield records.map((record) => toStored(collection, foreign, record, values.get(record.id)));
        after = records.at(-1)?.id ?? null;
        if (records.length < PAGE) return;
      }
    },
    async put(collection, records) {
      const definition = await definitionOf(collection);
      const foreign = foreignFields(collection, definition);
      const hidden = hiddenColumns(definition);
      const isHidden = (name: string) => hidden.some(({ key }) => key === name);
      for (const some of chunks(records, BATCH)) {
        const ids = await known(
          collection,
          some.map(({ id }) => id),
        );
        const requests = some.map((record) => toRequest(collection, foreign, record, ids.has(record.id), isHidden));
        await client.batch(requests).catch(async (error: unknown) => {
          if (!isForeignPerson(error)) throw error;
          await putAsStrangers(client, definition.name, requests);
        });
        await writeHidden(client, definition.name, hidden, some);
      }
    },
    async remove(collection, ids) {
      const table = tableOf(collection, slug);
      for (const some of chunks([...(await known(collection, ids))], BATCH))
        await client.batch(some.map((id) => ({ method: "DELETE", url: recordsUrl(table, id) })));
    },
    ...createFiles(client, slug, definitionOf, stored, pending),
  };
}
