import { type CollectionName, collectionOf, SLUG_PATTERN } from "@kombify/agent-contract";

/** Schema that holds the shared collections and every namespace. */
export const SCHEMA = "stack";

/**
 * Every identifier below becomes part of DDL text, so each one is built here and only from a slug that was checked:
 * lower-case letters and digits need no quoting and cannot end a name early.
 * @throws Error for anything that is not a tenant slug.
 */
export function checkedSlug(slug: string): string {
  if (!SLUG_PATTERN.test(slug)) throw new Error(`Not a tenant slug: ${JSON.stringify(slug)}`);
  return slug;
}

/** Qualified table of a tenant's collection: `stack.stacks_acme`. */
export const tableOf = (collection: CollectionName, slug: string): string =>
  `${SCHEMA}.${collectionOf(collection, checkedSlug(slug))}`;

/** Name of an index of a tenant's collection: `stacks_acme_name`. Index names share the schema with the tables. */
export const indexOf = (collection: CollectionName, slug: string, suffix: string): string =>
  `${collectionOf(collection, checkedSlug(slug))}_${suffix}`;

/** Qualified table of the files of a tenant's records: `stack.files_acme`. Namespaces without files have none. */
export const filesTableOf = (slug: string): string => `${SCHEMA}.files_${checkedSlug(slug)}`;

/** Slug of a namespace from the name of its first table; null for any other table. */
export function slugOfUsersTable(table: string): string | null {
  const slug = table.startsWith("users_") ? table.slice("users_".length) : "";
  return SLUG_PATTERN.test(slug) ? slug : null;
}

/** Database roles of one agent. Roles belong to the whole cluster, so agents that share one need different prefixes. */
export type RoleNames = {
  /** First part of the names of all of them. */
  prefix: string;
  /** Owns a tenant's tables and can see nothing else: `ns_acme`. */
  namespace(slug: string): string;
  /** May create tables in the schema; namespace roles hold it only while they are created. */
  creator: string;
};

/**
 * @param prefix `ns_` on a cluster of the agent's own.
 * @throws Error for a prefix that would need quoting or would make names longer than PostgreSQL's 63 bytes.
 */
export function roleNames(prefix: string): RoleNames {
  if (!/^[a-z][a-z0-9_]{0,39}_$/.test(prefix)) throw new Error(`Not a role prefix: ${JSON.stringify(prefix)}`);
  return {
    prefix,
    namespace: (slug) => `${prefix}${checkedSlug(slug)}`,
    // A slug never starts with an underscore, so no tenant can have this role's name.
    creator: `${prefix}_creator`,
  };
}
