/** What an old Stack's records hold, as digests: the same before, during and after, whatever else the records get. */
import type { RecordModel } from "pocketbase";
import type { Client, PocketBaseCollection } from "../engine/pocketbase/client.ts";
import { quote } from "../engine/pocketbase/filters.ts";
import { type HiddenColumn, readHidden } from "../engine/pocketbase/hidden-columns.ts";
import { canonicalJson, digestOf } from "../engine/transfer.ts";
import type { KnownCollection } from "../legacy/dictionary.ts";

/** Digest of each record, by its id. */
export type Digests = Record<string, string>;
type Note = { from: unknown };

const PAGE = 500;
/** Hex digits of a digest that are kept: two records of a Stack do not share so many by chance. */
const LENGTH = 20;
const CREDENTIALS: HiddenColumn[] = [
  { column: "password", key: "password", pattern: /^/, isSecret: true },
  { column: "tokenKey", key: "tokenKey", pattern: /^/, isSecret: true },
];

/**
 * Digests of every record's own fields, with the names that they had and the values that they had: what was translated for
 * the agent counts as what it was.
 */
export async function digestsOf(client: Client, has: PocketBaseCollection, known: KnownCollection): Promise<Digests> {
  const digests: Digests = {};
  const { id, type } = has;
  const fields = known.fields.filter(({ type: field }) => field !== "password");
  const now = (await client.pb.collections.getOne(id)) as unknown as PocketBaseCollection;
  const isRenamed = (name: string) => now.fields.some((field) => field.name === name);
  const oldValue = (record: RecordModel, names: KnownCollection["fields"][number]["names"]): unknown => {
    const note: Note | undefined = record.extra?.before?.[names.new];
    return note ? note.from : record[isRenamed(names.new) ? names.new : names.old];
  };
  let after = "";
  for (;;) {
    const options = { filter: after && `id > ${quote(after)}`, sort: "id", skipTotal: true };
    const { items } = await client.pb.collection(id).getList(1, PAGE, options);
    const secrets = type === "auth" ? await readHidden(client, now.name, CREDENTIALS, items) : new Map();
    for (const record of items) {
      const values = Object.fromEntries(fields.map(({ names }) => [names.old, oldValue(record, names)]));
      digests[record.id] = digestOf(canonicalJson({ ...values, ...secrets.get(record.id) })).slice(0, LENGTH);
    }
    after = items.at(-1)?.id ?? "";
    if (items.length < PAGE) return digests;
  }
}

/** Ids of records that are not what they were: gone, or with other values. */
export const changedIds = (before: Digests, after: Digests): string[] =>
  Object.keys(before).filter((id) => before[id] !== after[id]);
