import type { Client, PocketBaseCollection } from "./client.ts";
import { MAX_FILE } from "./namespace-collections.ts";

/** Of one record in one field. */
const MAX_FILES = 99;

export type SchemaLine = ReturnType<typeof createSchemaLine>;

/** PocketBase reads all its collections again after each change of one, so changes stand in line. */
export function createSchemaLine(client: Client) {
  let line: Promise<unknown> = Promise.resolve();
  const inLine = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = line.then(work, work);
    line = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine;
  };
  return {
    /** One change after the other. */
    inLine,
    /** Makes sure that a collection can hold files in a field of this name. */
    ensureFileField: (table: string, field: string): Promise<void> =>
      inLine(async () => {
        const collection = (await client.pb.collections.getOne(table)) as unknown as PocketBaseCollection;
        if (collection.fields.some(({ name }) => name === field)) return;
        const added = { name: field, type: "file", maxSelect: MAX_FILES, maxSize: MAX_FILE, protected: true };
        await client.importCollections([{ id: collection.id, fields: [...collection.fields, added] }]);
      }),
  };
}
