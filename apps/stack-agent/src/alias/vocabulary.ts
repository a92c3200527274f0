/** What old clients say and what PocketBase has now: the names of an old Stack, and which fields it did not have. */
import { COLLECTIONS, type CollectionName } from "@kombify/agent-contract";
import { CURRENT_DEFINITION } from "../engine/collections.ts";
import type { PocketBaseCollection } from "../engine/pocketbase/client.ts";
import { columnOf } from "../engine/pocketbase/codec.ts";
import type { Dictionary, KnownCollection } from "../legacy/dictionary.ts";
import { remembered } from "../migrate/steps.ts";

/** One of the four, as an old client may reach it. */
export type Reachable = {
  collection: CollectionName;
  known: KnownCollection;
  /** Columns that the old Stack had, by the names that they have now. */
  theirs: ReadonlySet<string>;
  /** Columns that it did not have: old clients neither see them nor name them. */
  added: ReadonlySet<string>;
  /** Fields with a choice of PocketBase's own, which goes on to allow the old words. */
  selects: ReadonlySet<string>;
};

export type Vocabulary = {
  names: Dictionary;
  reachable: readonly Reachable[];
  /** By its old name or its id. Other tenants' collections, and new names, are nothing that an old client knows. */
  find(nameOrId: string): Reachable | null;
  /** Of a collection that an answer speaks of. */
  of(known: KnownCollection | null): Reachable | null;
};

/** @param originals collections as they were before the migration. */
export function vocabularyOf(originals: PocketBaseCollection[]): Vocabulary {
  const { names, four } = remembered(originals);
  const reachable = COLLECTIONS.flatMap((collection): Reachable[] => {
    const has = four[collection];
    const known = has ? names.byId(has.id) : null;
    if (!has || !known) return [];
    const theirs = new Set(known.fields.map((field) => field.names.new));
    const ours = Object.values(CURRENT_DEFINITION.collections[collection].fields).map((field) =>
      columnOf(collection, field),
    );
    const selects = new Set(has.fields.filter(({ type }) => type === "select").map(({ name }) => name));
    return [{ collection, known, theirs, added: new Set(ours.filter((column) => !theirs.has(column))), selects }];
  });
  const byId = new Map(reachable.map((one) => [one.known.id, one]));
  return {
    names,
    reachable,
    find: (nameOrId) =>
      byId.get(nameOrId) ??
      reachable.find(({ known }) => known.names.old.toLowerCase() === nameOrId.toLowerCase()) ??
      null,
    of: (known) => (known ? (byId.get(known.id) ?? null) : null),
  };
}
