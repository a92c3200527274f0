/**
 * What is called how before and after a single-tenant Stack became a tenant: collections (`stacks`, `stacks_default`) and
 * fields (`stack`, `stack_id`). The ids of both stay, so one entry stands for both names.
 */
import type { PocketBaseCollection, PocketBaseField } from "../engine/pocketbase/client.ts";
import type { Words } from "./words.ts";

/** Which of the two names: as old clients say it, or as PocketBase has it now. */
export type Side = "old" | "new";
export type Names = Record<Side, string>;

export type KnownField = {
  names: Names;
  type: string;
  /** Id of the collection that a relation points at. */
  target: string | null;
  /** What becomes of its values; null when they stay. */
  words: Words | null;
};
export type KnownCollection = { id: string; names: Names; isAuth: boolean; fields: KnownField[] };

const sideBySide = (name: string, to: string = name): Names => ({ old: name, new: to });

/** Spellings of a field by the name that it has in a namespace. */
export type Spellings = Readonly<Record<string, string>>;

/**
 * An entry for a collection as the old Stack has it.
 * @param spellings fields that get another name. @param wordsOf what becomes of the values of a field.
 */
export function known(
  collection: PocketBaseCollection,
  newName: string,
  spellings: Spellings = {},
  wordsOf: (field: PocketBaseField) => Words | null = () => null,
): KnownCollection {
  return {
    id: collection.id,
    names: sideBySide(collection.name, newName),
    isAuth: collection.type === "auth",
    fields: collection.fields.map((field) => ({
      names: sideBySide(field.name, spellings[field.name]),
      type: field.type,
      target: field.type === "relation" ? String(field.collectionId) : null,
      words: wordsOf(field),
    })),
  };
}

export class Dictionary {
  readonly collections: readonly KnownCollection[];
  readonly #byId: ReadonlyMap<string, KnownCollection>;
  constructor(collections: readonly KnownCollection[]) {
    this.collections = collections;
    this.#byId = new Map(collections.map((collection) => [collection.id, collection]));
  }

  byId(id: string): KnownCollection | null {
    return this.#byId.get(id) ?? null;
  }
  /** PocketBase takes a name, whatever its case, or an id. */
  find(nameOrId: string, side: Side): KnownCollection | null {
    const name = nameOrId.toLowerCase();
    return this.byId(nameOrId) ?? this.collections.find(({ names }) => names[side].toLowerCase() === name) ?? null;
  }
  /** The people that log in: those of a namespace. */
  people(): KnownCollection | null {
    return this.find("users", "old");
  }
}
