/**
 * Files of people in a namespace that is made beside the one it will replace. PocketBase keeps a file under the id of its
 * record, and takes no person whose id is in use elsewhere; so these files wait in a shared collection until their
 * namespace is in its place. What a crash leaves waiting is stored when the engine opens.
 */
import type { RecordModel } from "pocketbase";
import type { FileRef } from "../transfer.ts";
import type { Client } from "./client.ts";
import { quote } from "./filters.ts";
import type { StoredFiles } from "./stored-files.ts";

export const PENDING_FILES = "_pending_files";

type Pending = FileRef & { id: string; slug: string; target: string; file: string };
export type PendingFiles = ReturnType<typeof createPendingFiles>;

const pendingOf = ({ id, slug, target, collection, record_id: recordId, field, name, file }: RecordModel): Pending => ({
  id,
  slug,
  target,
  collection,
  recordId,
  field,
  name,
  file,
});

export function createPendingFiles(client: Client, stored: StoredFiles) {
  const pending = client.pb.collection(PENDING_FILES);
  const list = async (filter: string): Promise<Pending[]> => {
    const records = await pending.getFullList({ filter, sort: "id" });
    return records.map(pendingOf);
  };
  const ofSlug = (slug: string) => list(`slug = ${quote(slug)}`);
  const settle = async (files: readonly Pending[]): Promise<void> => {
    for (const { id, target, file, ...ref } of files) {
      await stored.store(target, ref, await stored.read(PENDING_FILES, id, file));
      await pending.delete(id);
    }
  };
  return {
    ofSlug,
    read: ({ id, file }: Pending) => stored.read(PENDING_FILES, id, file),
    sizeOf: ({ id, file }: Pending) => stored.sizeOf(PENDING_FILES, id, file),
    async add(slug: string, { collection, recordId, field, name }: FileRef, content: Uint8Array): Promise<void> {
      const body = new FormData();
      for (const [key, value] of Object.entries({ slug, collection, record_id: recordId, field, name }))
        body.append(key, value);
      body.append("file", new Blob([content as Uint8Array<ArrayBuffer>]), name);
      await pending.create(body);
    },
    remove: async ({ id }: Pending) => {
      await pending.delete(id);
    },
    /** Says where they belong, before their namespace goes there. */
    async destine(slug: string, target: string): Promise<void> {
      for (const { id } of await ofSlug(slug)) await pending.update(id, { target });
    },
    /** Stores those whose namespace is no longer beside its place but in it. @param slugs of the namespaces that there are. */
    async settle(slugs: readonly string[]): Promise<void> {
      const waiting = await list('target != ""');
      await settle(waiting.filter(({ slug, target }) => !slugs.includes(slug) && slugs.includes(target)));
    },
    async forget(slug: string): Promise<void> {
      for (const { id } of await ofSlug(slug)) await pending.delete(id);
    },
  };
}
