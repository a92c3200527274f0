/** What collections PocketBase has, and which of them are a namespace. */
import { COLLECTIONS, SLUG_PATTERN } from "@kombify/agent-contract";
import { checkedSlug } from "../naming.ts";
import type { Client, PocketBaseCollection } from "./client.ts";
import { isStatus } from "./client.ts";
import { quote } from "./filters.ts";
import { tableOf } from "./namespace-collections.ts";

/** By name. */
export type Catalog = Map<string, PocketBaseCollection>;

export const readCatalog = async (client: Client): Promise<Catalog> =>
  new Map((await client.collections()).map((collection) => [collection.name, collection]));

/** Slug of a namespace from the name of its first collection; null for any other. */
export function slugOf(name: string): string | null {
  const slug = name.startsWith("users_") ? name.slice("users_".length) : "";
  return SLUG_PATTERN.test(slug) ? slug : null;
}

/** The collections of a namespace that are there, in the order in which they refer to each other. */
export const ofNamespace = (catalog: Catalog, slug: string): PocketBaseCollection[] =>
  COLLECTIONS.flatMap((collection) => catalog.get(tableOf(collection, checkedSlug(slug))) ?? []);

/** Removes collections with their records, those that refer to others first. Those that are gone are fine. */
export async function removeCollections({ pb }: Client, collections: readonly PocketBaseCollection[]): Promise<void> {
  for (const { id } of collections.toReversed())
    await pb.collections.delete(id).catch((error: unknown) => {
      if (!isStatus(error, 404)) throw error;
    });
}

/** The shared collections' record of the tenant with this slug. */
export async function tenantOf({ pb }: Client, slug: string) {
  const { items } = await pb.collection("_tenants").getList(1, 1, { filter: `slug = ${quote(slug)}`, skipTotal: true });
  return items[0];
}

/** The next write makes a new one. */
export async function forgetBaton({ pb }: Client, slug: string): Promise<void> {
  const batons = await pb.collection("_batons").getFullList({ filter: `slug = ${quote(slug)}` });
  for (const { id } of batons) await pb.collection("_batons").delete(id);
}
