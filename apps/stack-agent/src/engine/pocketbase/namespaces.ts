/**
 * Making, changing and removing whole namespaces. PocketBase reads all its collections again after each change of one, so
 * changes stand in line, and those of one namespace go in one request, which is one transaction.
 */
import { COLLECTIONS, ServiceError } from "@kombify/agent-contract";
import type { NamespaceDefinition } from "../collections.ts";
import { checkedSlug } from "../naming.ts";
import type { Collection } from "../records.ts";
import type { Client, PocketBaseCollection } from "./client.ts";
import { isStatus, recordsUrl } from "./client.ts";
import { compare, type Difference } from "./converge.ts";
import { quote } from "./filters.ts";
import { namespaceCollections, tableOf } from "./namespace-collections.ts";
import { renamed } from "./rename.ts";

/** Of a record and field, and bytes of one: what PocketBase allows at the most by its own defaults is far less. */
const MAX_FILES = 99;
const MAX_FILE = 256 * 1024 * 1024;

type Known = Map<string, PocketBaseCollection>;

/** Slug of a namespace from the name of its first collection; null for any other. */
function slugOf(name: string): string | null {
  const slug = name.startsWith("users_") ? name.slice("users_".length) : "";
  try {
    return checkedSlug(slug);
  } catch {
    return null;
  }
}

const ofNamespace = (known: Known, slug: string): PocketBaseCollection[] =>
  COLLECTIONS.flatMap((collection) => known.get(tableOf(collection, slug)) ?? []);

export function createNamespaces(client: Client, definition: NamespaceDefinition) {
  const { pb } = client;
  let line: Promise<unknown> = Promise.resolve();
  /** One change of collections after the other. */
  const inLine = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = line.then(work, work);
    line = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine;
  };
  const known = async (): Promise<Known> =>
    new Map((await client.collections()).map((collection) => [collection.name, collection]));

  const differences = (collections: Known, slug: string): Difference[] => {
    const ids = Object.fromEntries(
      COLLECTIONS.map((collection) => [collection, collections.get(tableOf(collection, slug))?.id]),
    ) as Partial<Record<Collection, string>>;
    const wanted = namespaceCollections(slug, definition, ids);
    return COLLECTIONS.map((collection) =>
      compare(collections.get(tableOf(collection, slug)), wanted[collection], slug),
    );
  };

  const tenantOf = async (slug: string) => {
    const { items } = await pb
      .collection("_tenants")
      .getList(1, 1, { filter: `slug = ${quote(slug)}`, skipTotal: true });
    return items[0];
  };
  const storeVersion = async (slug: string): Promise<void> => {
    const tenant = await tenantOf(slug);
    if (tenant) await pb.collection("_tenants").update(tenant.id, { namespace_version: definition.version });
  };

  const converge = (slug: string): Promise<void> =>
    inLine(async () => {
      const changes = differences(await known(), checkedSlug(slug)).flatMap(
        ({ collection }): Array<Partial<PocketBaseCollection>> => (collection ? [collection] : []),
      );
      if (changes.length > 0) await client.importCollections(changes);
      await storeVersion(slug);
    });

  /** Removes the collections of a namespace, those that refer to others first. */
  const remove = async (collections: PocketBaseCollection[]): Promise<void> => {
    for (const { id } of collections.toReversed())
      await pb.collections.delete(id).catch((error: unknown) => {
        if (!isStatus(error, 404)) throw error;
      });
  };

  const forgetBaton = async (slug: string): Promise<void> => {
    const batons = await pb.collection("_batons").getFullList({ filter: `slug = ${quote(slug)}` });
    for (const { id } of batons) await pb.collection("_batons").delete(id);
  };

  /** Makes sure that a collection can hold files in a field of this name. */
  const ensureFileField = (table: string, field: string): Promise<void> =>
    inLine(async () => {
      const collection = (await pb.collections.getOne(table)) as unknown as PocketBaseCollection;
      if (collection.fields.some(({ name }) => name === field)) return;
      const added = { name: field, type: "file", maxSelect: MAX_FILES, maxSize: MAX_FILE, protected: true };
      await client.importCollections([{ id: collection.id, fields: [...collection.fields, added] }]);
    });

  return {
    ensureFileField,
    createNamespace: converge,
    upgradeNamespace: converge,
    async findDrift(): Promise<Map<string, string[]>> {
      const collections = await known();
      const drift = new Map<string, string[]>();
      for (const name of collections.keys()) {
        const slug = slugOf(name);
        if (slug === null) continue;
        try {
          const words = differences(collections, slug).flatMap((difference) => difference.words);
          if (words.length > 0) drift.set(slug, words);
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          drift.set(slug, [error.message]);
        }
      }
      return drift;
    },
    renameNamespace: (from: string, to: string): Promise<void> =>
      inLine(async () => {
        const collections = await known();
        const mine = ofNamespace(collections, checkedSlug(from));
        if (mine.length === 0) throw new ServiceError("NOT_FOUND", `There is no namespace ${from} to rename.`);
        if (ofNamespace(collections, checkedSlug(to)).length > 0)
          throw new ServiceError("CONFLICT", `There is a namespace ${to} already.`);
        await client.importCollections(mine.map((collection) => renamed(collection, from, to)));
        await forgetBaton(from);
        const tenant = await tenantOf(from);
        if (tenant) await pb.collection("_tenants").update(tenant.id, { slug: to });
      }),
    replaceNamespace: (slug: string, by: string): Promise<void> =>
      inLine(async () => {
        const collections = await known();
        const [mine, next] = [ofNamespace(collections, checkedSlug(slug)), ofNamespace(collections, checkedSlug(by))];
        if (next.length < COLLECTIONS.length) throw new ServiceError("NOT_FOUND", `There is no namespace ${by}.`);
        if (mine.length === 0) throw new ServiceError("NOT_FOUND", `There is no namespace ${slug} to replace.`);
        const away = `old${by}`.slice(0, 20);
        // Both names change hands in one transaction.
        await client.importCollections([
          ...mine.map((collection) => renamed(collection, slug, away)),
          ...next.map((collection) => renamed(collection, by, slug)),
        ]);
        await remove(mine);
      }),
    dropNamespace: (slug: string): Promise<void> =>
      inLine(async () => {
        await remove(ofNamespace(await known(), checkedSlug(slug)));
        const tenant = await tenantOf(slug);
        if (tenant) {
          for (const collection of ["_sso_mappings", "_sessions"]) {
            const records = await pb
              .collection(collection)
              .getFullList({ filter: `tenant_id = ${quote(tenant.id)}`, fields: "id" });
            if (records.length > 0)
              await client.batch(records.map(({ id }) => ({ method: "DELETE", url: recordsUrl(collection, id) })));
          }
          await pb.collection("_tenants").delete(tenant.id);
        }
        await forgetBaton(slug);
      }),
    async listNamespaces(): Promise<string[]> {
      return (await client.collectionNames()).map(slugOf).filter((slug) => slug !== null);
    },
  };
}
