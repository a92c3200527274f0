/**
 * The table of a namespace's files. It is created with the first file, so that the many namespaces without files do not
 * pay for it.
 */
import { COLLECTIONS } from "@kombify/agent-contract";
import { filesTableOf, type RoleNames, tableOf } from "../naming.ts";
import type { Collection } from "../records.ts";
import { asOwner } from "./namespace-ddl.ts";

// Whichever collection the record is of, a key of its own refers to it: a file goes with its record, also when the Stack's
// API removes that.
const keyColumn = (collection: Collection, slug: string): string =>
  `of_${collection} text collate "C" generated always as (case when collection = '${collection}' then record_id end) stored
    references ${tableOf(collection, slug)} (id) on delete cascade`;

export const createFilesTable = (slug: string): string =>
  `create table if not exists ${filesTableOf(slug)} (
    collection text collate "C" not null, record_id text collate "C" not null, field text collate "C" not null,
    name text collate "C" not null, size integer not null, digest text not null, content bytea not null,
    ${COLLECTIONS.map((collection) => keyColumn(collection, slug)).join(",\n    ")},
    primary key (collection, record_id, field, name))`;

/** As one transaction in one round trip, like createNamespaceDdl. */
export function createFilesDdl(slug: string, roles: RoleNames): string {
  return [
    `set local lock_timeout = '5s'`,
    // Two first files at once would both find no table.
    `select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('files_${slug}', 0))`,
    ...asOwner(roles.namespace(slug), roles, [createFilesTable(slug)]),
  ].join(";\n");
}
