/** Making, changing and removing whole namespaces. What changes one goes in one request, which is one transaction. */
import { COLLECTIONS, ServiceError } from "@kombify/agent-contract";
import type { NamespaceDefinition } from "../collections.ts";
import type { Collection } from "../records.ts";
import {
  type Catalog,
  forgetBaton,
  ofNamespace,
  readCatalog,
  readNamespaces,
  removeCollections,
  slugOf,
  tenantOf,
} from "./catalog.ts";
import { type Client, type PocketBaseCollection, recordsUrl } from "./client.ts";
import { compare, type Difference } from "./converge.ts";
import { quote } from "./filters.ts";
import { removeFlags } from "./flag-records.ts";
import { namespaceCollections, sealed, tableOf } from "./namespace-collections.ts";
import type { PendingFiles } from "./pending-files.ts";
import { renamed } from "./rename.ts";
import { cloned } from "./replacing.ts";
import type { SchemaLine } from "./schema-line.ts";

/** How the collections of a namespace differ from their definition. */
function differencesOf(catalog: Catalog, slug: string, definition: NamespaceDefinition): Difference[] {
  const ids = Object.fromEntries(
    COLLECTIONS.map((collection) => [collection, catalog.get(tableOf(collection, slug))?.id]),
  ) as Partial<Record<Collection, string>>;
  const wanted = namespaceCollections(slug, definition, ids);
  return COLLECTIONS.map((collection) => compare(catalog.get(tableOf(collection, slug)), wanted[collection], slug));
}

const isChange = (collection: Partial<PocketBaseCollection> | null): collection is Partial<PocketBaseCollection> =>
  collection !== null;

export function createNamespaces(
  client: Client,
  definition: NamespaceDefinition,
  { inLine }: SchemaLine,
  pending: PendingFiles,
) {
  const { pb } = client;

  const converge = async (slug: string, catalog: Catalog): Promise<void> => {
    const changes = differencesOf(catalog, slug, definition).map(({ collection }) => collection);
    const needed = changes.filter(isChange);
    if (needed.length > 0) await client.importCollections(needed);
    const tenant = await tenantOf(client, slug);
    if (tenant) await pb.collection("_tenants").update(tenant.id, { namespace_version: definition.version });
  };
  const removeAllOf = async (collection: string, tenantId: string): Promise<void> => {
    const filter = `tenant_id = ${quote(tenantId)}`;
    const records = await pb.collection(collection).getFullList({ filter, fields: "id" });
    if (records.length > 0)
      await client.batch(records.map(({ id }) => ({ method: "DELETE", url: recordsUrl(collection, id) })));
  };

  return {
    createNamespace: (slug: string, like?: string): Promise<void> =>
      inLine(async () => {
        const catalog = await readNamespaces(client, slug, ...(like === undefined ? [] : [like]));
        const isNew = ofNamespace(catalog, slug).length === 0;
        if (isNew && like !== undefined) {
          await client.importCollections(cloned(catalog, like, slug));
          return converge(slug, await readNamespaces(client, slug));
        }
        return converge(slug, catalog);
      }),
    upgradeNamespace: (slug: string): Promise<void> =>
      inLine(async () => converge(slug, await readNamespaces(client, slug))),
    sealNamespace: (slug: string): Promise<void> =>
      inLine(async () => {
        const sealing = ofNamespace(await readNamespaces(client, slug), slug).map((collection) => ({
          ...collection,
          createRule: sealed(collection.createRule),
          updateRule: sealed(collection.updateRule),
          deleteRule: sealed(collection.deleteRule),
        }));
        if (sealing.length > 0) await client.importCollections(sealing);
      }),
    async findDrift(): Promise<Map<string, string[]>> {
      const catalog = await readCatalog(client);
      const drift = new Map<string, string[]>();
      for (const slug of [...catalog.keys()].map(slugOf).filter((known) => known !== null)) {
        try {
          const words = differencesOf(catalog, slug, definition).flatMap((difference) => difference.words);
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
        const catalog = await readNamespaces(client, from, to);
        const mine = ofNamespace(catalog, from);
        if (mine.length === 0) throw new ServiceError("NOT_FOUND", `There is no namespace ${from} to rename.`);
        if (ofNamespace(catalog, to).length > 0)
          throw new ServiceError("CONFLICT", `There is a namespace ${to} already.`);
        await client.importCollections(mine.map((collection) => renamed(collection, from, to)));
        await forgetBaton(client, from);
        const tenant = await tenantOf(client, from);
        if (tenant) await pb.collection("_tenants").update(tenant.id, { slug: to });
      }),
    dropNamespace: (slug: string): Promise<void> =>
      inLine(async () => {
        await removeCollections(client, ofNamespace(await readNamespaces(client, slug), slug));
        await pending.forget(slug);
        const tenant = await tenantOf(client, slug);
        if (tenant) {
          for (const collection of ["_sso_mappings", "_sessions"]) await removeAllOf(collection, tenant.id);
          await removeFlags(client, tenant.id);
          await pb.collection("_tenants").delete(tenant.id);
        }
        await forgetBaton(client, slug);
      }),
    listNamespaces: async (): Promise<string[]> =>
      (await client.collectionNames('name ~ "users_%"')).map(slugOf).filter((slug) => slug !== null),
  };
}
