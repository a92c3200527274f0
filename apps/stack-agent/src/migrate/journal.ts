/**
 * What a migration has done, kept on the PocketBase itself where only its superuser sees it: how far it is, and everything
 * as it was before. With that it goes on after any interruption, and back.
 */
import { ServiceError } from "@kombify/agent-contract";
import { z } from "zod";
import { type Client, isStatus, type PocketBaseCollection } from "../engine/pocketbase/client.ts";
import { idField } from "../engine/pocketbase/namespace-collections.ts";
import type { Digests } from "./legacy-sums.ts";

export const JOURNAL = "_tenancy_journal";
const STATE = "state";
/** Bytes: the digests of a collection with a hundred thousand records are a tenth of it. */
const MAX_ENTRY = 64 * 1024 * 1024;
const NOBODY = { listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null };

const COLLECTION: PocketBaseCollection = {
  id: "kombify_tenancy_journal",
  name: JOURNAL,
  type: "base",
  fields: [
    { ...idField, pattern: "^[a-zA-Z0-9_]+$", min: 1, max: 100 },
    { name: "content", type: "json", maxSize: MAX_ENTRY },
  ],
  indexes: [],
  ...NOBODY,
};

const stateSchema = z.object({
  tenantId: z.string(),
  direction: z.enum(["up", "down"]),
  /** Steps that are done, in this direction. */
  done: z.array(z.string()),
  /** Collections that were made for the migration, by name: they go when it is taken back. */
  made: z.array(z.string()),
  /** PocketBase's settings of batches before. */
  batch: z.record(z.string(), z.unknown()),
  startedAt: z.string(),
});
export type State = z.infer<typeof stateSchema>;

/** What is known of one collection from before. */
export type Entry = { original: PocketBaseCollection; digests?: Digests };

export type Journal = ReturnType<typeof createJournal>;

export function createJournal(client: Client) {
  const records = client.pb.collection(JOURNAL);
  const read = async (id: string): Promise<unknown> => {
    try {
      return (await records.getOne(id)).content;
    } catch (error) {
      if (isStatus(error, 404)) return null;
      throw error;
    }
  };
  const save = async (id: string, content: unknown): Promise<void> => {
    const isThere = (await read(id)) !== null;
    await (isThere ? records.update(id, { content }) : records.create({ id, content }));
  };
  return {
    /** Null when there is no migration on this PocketBase. */
    async state(): Promise<State | null> {
      const content = await read(STATE);
      if (content === null) return null;
      const parsed = stateSchema.safeParse(content);
      if (parsed.success) return parsed.data;
      throw new ServiceError("PRECONDITION", `${JOURNAL} was written by another version of the agent. Use that one.`, {
        cause: parsed.error,
      });
    },
    saveState: (state: State) => save(STATE, state),
    /** Begins a migration: makes the journal and notes everything as it is. Without a state nothing has begun. */
    async begin(state: State, originals: readonly PocketBaseCollection[]): Promise<void> {
      await client.importCollections([COLLECTION]);
      for (const original of originals) await save(original.id, { original });
      await save(STATE, state);
    },
    async originals(): Promise<PocketBaseCollection[]> {
      const entries = await records.getFullList({ filter: `id != "${STATE}"`, sort: "id" });
      return entries.map(({ content }) => (content as Entry).original);
    },
    entry: async (id: string): Promise<Entry> => (await read(id)) as Entry,
    saveEntry: (id: string, entry: Entry) => save(id, entry),
    /** Forgets the migration. */
    async end(): Promise<void> {
      await client.pb.collections.delete(JOURNAL).catch((error: unknown) => {
        if (!isStatus(error, 404)) throw error;
      });
    },
  };
}
