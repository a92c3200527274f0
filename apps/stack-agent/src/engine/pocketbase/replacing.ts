/** One namespace in the place of another: how it is made so that it fits, and the moment at which it goes there. */
import { COLLECTIONS, ServiceError } from "@kombify/agent-contract";
import { type Catalog, forgetBaton, ofNamespace, readCatalog, removeCollections } from "./catalog.ts";
import type { Client, PocketBaseCollection } from "./client.ts";
import { indexName } from "./converge.ts";
import { newId, tableOf } from "./namespace-collections.ts";
import type { PendingFiles } from "./pending-files.ts";
import { renamed, withNames } from "./rename.ts";
import type { SchemaLine } from "./schema-line.ts";

/** Collections that made room: no slug has an underscore, so nobody takes them for a namespace. */
const AWAY = /^(?:users|stacks|nodes|jobs)__away_/;

/** The collections of one namespace as new ones of another: fields, indexes and rules, no records. */
export function cloned(catalog: Catalog, from: string, to: string): PocketBaseCollection[] {
  const mine = ofNamespace(catalog, from);
  const ids = new Map(mine.map(({ id }) => [id, newId()]));
  return mine.map((collection) => {
    const { created: _created, updated: _updated, ...clone } = { ...collection, ...renamed(collection, from, to) };
    const fields = clone.fields.map(({ id: _id, ...field }) => {
      const target = ids.get(String(field.collectionId));
      return target === undefined ? field : { ...field, collectionId: target };
    });
    const id = ids.get(collection.id) ?? newId();
    return { ...clone, id, fields, indexes: clone.indexes.map((index) => underOwnName(index, collection, id)) };
  });
}

/** Names of indexes are unique in the whole database; those that name neither tenant nor collection get something of it. */
function underOwnName(index: string, { id: from, indexes }: PocketBaseCollection, to: string): string {
  const name = indexName(index);
  if (name.includes(from)) return index.replaceAll(from, to);
  return indexes.some((other) => indexName(other) === name) ? index.replace(name, `${name}_${to}`) : index;
}

/** Collections of others that refer to these; they would be left without what they refer to. */
function assertNobodyRefers(catalog: Catalog, mine: readonly PocketBaseCollection[]): void {
  const ids = new Set(mine.map(({ id }) => id));
  for (const { id, name, fields } of catalog.values()) {
    const field = ids.has(id) ? undefined : fields.find(({ collectionId }) => ids.has(String(collectionId)));
    if (field)
      throw new ServiceError(
        "PRECONDITION",
        `${name}.${field.name} refers to this namespace, which therefore cannot be replaced. Remove that field first.`,
      );
  }
}

export function createReplacing(client: Client, { inLine }: SchemaLine, pending: PendingFiles) {
  return {
    /** See Engine.replaceNamespace. */
    async replaceNamespace(slug: string, by: string): Promise<void> {
      await inLine(async () => {
        const catalog = await readCatalog(client);
        const [mine, next] = [ofNamespace(catalog, slug), ofNamespace(catalog, by)];
        if (next.length < COLLECTIONS.length) throw new ServiceError("NOT_FOUND", `There is no namespace ${by}.`);
        if (mine.length === 0) throw new ServiceError("NOT_FOUND", `There is no namespace ${slug} to replace.`);
        assertNobodyRefers(catalog, mine);
        await pending.destine(by, slug);
        const away = new Map(
          COLLECTIONS.map((collection) => [tableOf(collection, slug), `${collection}__away_${by}`] as const),
        );
        // Both change hands in one transaction.
        await client.importCollections([
          ...mine.map((collection) => withNames(collection, away, (rule) => rule)),
          ...next.map((collection) => renamed(collection, by, slug)),
        ]);
        await removeCollections(client, mine);
        await forgetBaton(client, by);
      });
      await pending.settle([slug]);
    },
    /** Removes what a crash left of namespaces that were replaced. */
    async removeAway(): Promise<void> {
      const catalog = await readCatalog(client);
      await removeCollections(
        client,
        [...catalog.values()].filter(({ name }) => AWAY.test(name)),
      );
    },
  };
}
