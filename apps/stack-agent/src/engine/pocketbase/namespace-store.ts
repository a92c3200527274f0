import type { NamespaceStore, TenantRef, WriteResults } from "../engine.ts";
import { assertStorable } from "../storable.ts";
import type { Client } from "./client.ts";
import { createJobs } from "./jobs.ts";
import { createReader } from "./reads.ts";
import type { Writer } from "./write.ts";

/** The records of one tenant on PocketBase: every request names one of this tenant's own collections. */
export function createNamespaceStore(client: Client, writer: Writer, tenant: TenantRef): NamespaceStore {
  const { slug } = tenant;
  const reader = createReader(client, slug);
  return {
    tenant,
    get: reader.get,
    find: async (collection, where) => {
      assertStorable(where);
      return reader.first(collection, reader.filterOf(collection, where), "id");
    },
    list: (collection, query) => reader.list(collection, query),
    countBy: (collection, field, where = {}) => reader.countBy(collection, field, where),
    async write(operations) {
      assertStorable(operations);
      return (await writer.write(slug, reader, operations)) as WriteResults<typeof operations>;
    },
    ...createJobs(reader, writer, slug),
  };
}
