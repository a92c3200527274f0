/** The way back, step by step: the old Stack's collections as they were, with the records that came since. */

import { COLLECTIONS, ServiceError } from "@kombify/agent-contract";
import type { Client, PocketBaseCollection, PocketBaseField } from "../engine/pocketbase/client.ts";
import { quote } from "../engine/pocketbase/filters.ts";
import { RULES, tableOf } from "../engine/pocketbase/namespace-collections.ts";
import { createSharedStore } from "../engine/pocketbase/shared-store.ts";
import { canonicalJson } from "../engine/transfer.ts";
import type { KnownField } from "../legacy/dictionary.ts";
import { DEFAULT_SLUG, fourOf } from "../legacy/four.ts";
import { TRANSLATIONS } from "../legacy/words.ts";
import { countOf } from "./content.ts";
import { isUniqueAlone } from "./cutover.ts";
import { importAll } from "./import-all.ts";
import { isThere } from "./is-there.ts";
import { JOURNAL, type State } from "./journal.ts";
import type { Remembered } from "./steps.ts";
import { FILLS, restoreStatement } from "./values.ts";

type Context = { client: Client; old: Remembered; state: State };
type Step = { name: string; title: string; run(context: Context): Promise<string> };

const CLOSED = Object.fromEntries(RULES.map((rule) => [rule, null]));
const rulesOf = (has: PocketBaseCollection) => Object.fromEntries(RULES.map((rule) => [rule, has[rule]]));
export const isRenamed = async (client: Client): Promise<boolean> =>
  await isThere(client, tableOf("users", DEFAULT_SLUG));
const now = async (client: Client, id: string) =>
  (await client.pb.collections.getOne(id)) as unknown as PocketBaseCollection;

/** Stacks that the agent has deleted would come back: to the old Stack nothing says that they are gone. */
async function removeDeleted(client: Client, old: Remembered): Promise<number> {
  const { stacks } = old.four;
  if (!stacks || stacks.fields.some(({ name }) => name === "deleted_at")) return 0;
  const deleted = await client.pb.collection(stacks.id).getFullList({ filter: 'deleted_at != ""', fields: "id" });
  for (const { id } of deleted) {
    for (const collection of ["nodes", "jobs"] as const) {
      const mine = await client.pb
        .collection(tableOf(collection, DEFAULT_SLUG))
        .getFullList({ filter: `stack_id = ${quote(id)}`, fields: "id" });
      for (const record of mine) await client.pb.collection(tableOf(collection, DEFAULT_SLUG)).delete(record.id);
    }
    await client.pb.collection(stacks.id).delete(id);
  }
  return deleted.length;
}

/**
 * Records that came since may be empty where the old Stack had something of its own in each record, and say what it spells
 * otherwise.
 */
async function fitOldRules(
  client: Client,
  table: string,
  has: PocketBaseCollection,
  fields: readonly KnownField[],
): Promise<number> {
  let count = 0;
  for (const { name } of has.fields.filter(({ name, type }) => type === "text" && isUniqueAlone(has, name))) {
    const first = `SELECT id FROM \`${table}\` WHERE \`${name}\` = '' ORDER BY created_at, id LIMIT 1`;
    const where = `\`${name}\` = '' AND id NOT IN (${first})`;
    count += await client.run(`UPDATE \`${table}\` SET \`${name}\` = id WHERE ${where}`);
  }
  for (const { names, words, type } of fields)
    for (const [now, then] of type === "select" ? (words?.back ?? []) : [])
      count += await client.run(
        `UPDATE \`${table}\` SET \`${names.new}\` = '${then}' WHERE \`${names.new}\` = '${now}'`,
      );
  return count;
}

/** What a collection says of itself, without what PocketBase notes about it. */
const essence = ({ created: _c, updated: _u, fields, ...rest }: PocketBaseCollection): string =>
  // The fields of a view get new ids each time that it is made.
  canonicalJson({ ...rest, fields: rest.type === "view" ? fields.map(({ id: _id, ...field }) => field) : fields });

/** Fields of ours that have the name of one that gets its name back. They are removed a moment later. */
function inTheWay(now: readonly PocketBaseField[], then: readonly PocketBaseField[]): PocketBaseField[] {
  const mine = now.filter(
    ({ id, name }) => !then.some((field) => field.id === id) && then.some((field) => field.name === name),
  );
  return mine.map((field) => ({ ...field, name: `agent_${field.name}` }));
}

export const DOWN: readonly Step[] = [
  {
    name: "close",
    title: "close the tenant",
    async run({ client, state }) {
      const shared = createSharedStore(client);
      if ((await isThere(client, "_tenants")) && (await shared.findTenant(state.tenantId)))
        await shared.setTenantState(state.tenantId, "suspended", null);
      return DEFAULT_SLUG;
    },
  },
  {
    name: "values",
    title: "give records back what was translated for the agent",
    async run({ client, old }) {
      if (!(await isRenamed(client))) return "nothing";
      const removed = await removeDeleted(client, old);
      let count = 0;
      for (const [collection, has] of old.entries) {
        const known = old.names.byId(has.id)?.fields ?? [];
        const columns = new Set([...FILLS[collection], ...TRANSLATIONS[collection]].map(({ column }) => column));
        for (const extra of ["error", "state"]) if (collection === "jobs") columns.add(extra);
        for (const column of columns)
          if (known.some(({ names }) => names.new === column))
            count += await client.run(restoreStatement(tableOf(collection, DEFAULT_SLUG), column));
        count += await fitOldRules(client, tableOf(collection, DEFAULT_SLUG), has, known);
      }
      return `${count} values, ${removed} deleted stacks removed`;
    },
  },
  {
    name: "rename",
    title: "give the collections their names, rules, indexes and views back",
    async run({ client, old }) {
      if (!(await isRenamed(client))) return "nothing";
      const current = await client.collections();
      const four = old.entries.map(([, { id, name, fields, indexes, manageRule }]) => ({
        id,
        name,
        fields: [...fields, ...inTheWay(current.find((one) => one.id === id)?.fields ?? [], fields)],
        indexes,
        ...CLOSED,
        ...(manageRule === undefined ? {} : { manageRule }),
      }));
      const others = old.others.map((has) => ({
        id: has.id,
        name: has.name,
        ...rulesOf(has),
        ...(has.type === "view" ? { viewQuery: has.viewQuery } : {}),
      }));
      const made = COLLECTIONS.filter((collection) => !old.four[collection]);
      const kept = made.flatMap((collection) => {
        const has = current.find(({ name }) => name === tableOf(collection, DEFAULT_SLUG));
        return has ? [{ id: has.id, name: collection, indexes: [], ...CLOSED }] : [];
      });
      await importAll(client, [...four, ...others, ...kept] as Array<Partial<PocketBaseCollection>>);
      return `${four.length + others.length} collections`;
    },
  },
  {
    name: "fields",
    title: "remove the fields that were added",
    async run({ client, old }) {
      let count = 0;
      for (const [, { id, fields, indexes }] of old.entries) {
        count += (await now(client, id)).fields.length - fields.length;
        await client.pb.collections.update(id, { fields, indexes });
      }
      const current = fourOf(await client.collections());
      for (const collection of [...COLLECTIONS].reverse()) {
        const made = old.four[collection] ? undefined : current[collection];
        if (made && (await countOf(client, made.name)) === 0) await client.pb.collections.delete(made.id);
      }
      return `${count} fields`;
    },
  },
  {
    name: "open",
    title: "let the old clients in again",
    async run({ client, old }) {
      await client.importCollections(old.entries.map(([, has]) => ({ id: has.id, ...rulesOf(has) })));
      const different: string[] = [];
      for (const original of [...old.entries.map(([, has]) => has), ...old.others])
        if (essence(await now(client, original.id)) !== essence(original)) different.push(original.name);
      if (different.length > 0)
        throw new ServiceError(
          "PRECONDITION",
          `${different.join(", ")} are not what they were. Somebody changed them while the way back was under way; compare them with ${JOURNAL}.`,
        );
      return `${old.entries.length} collections as they were`;
    },
  },
  {
    name: "forget",
    title: "forget the tenant",
    async run({ client, state }) {
      const names = await client.collectionNames("");
      const remove = async (collection: string, filter: string) => {
        if (!names.includes(collection)) return;
        for (const { id } of await client.pb.collection(collection).getFullList({ filter, fields: "id" }))
          await client.pb.collection(collection).delete(id);
      };
      for (const collection of ["_sso_mappings", "_sessions"])
        await remove(collection, `tenant_id = ${quote(state.tenantId)}`);
      await remove("_batons", `slug = ${quote(DEFAULT_SLUG)}`);
      await remove("_tenants", `id = ${quote(state.tenantId)}`);
      const isAlone =
        !names.includes("_tenants") || (await client.pb.collection("_tenants").getList(1, 1)).totalItems === 0;
      const mine = isAlone ? state.made.filter((name) => names.includes(name)) : [];
      for (const name of mine) await client.pb.collections.delete(name);
      if (isAlone) await client.pb.settings.update({ batch: state.batch });
      return DEFAULT_SLUG;
    },
  },
];
