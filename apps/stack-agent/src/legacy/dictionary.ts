/**
 * What is called how before and after a single-tenant Stack became a tenant: collections (`stacks`, `stacks_default`) and
 * fields (`stack`, `stack_id`). The ids of both stay, so one entry stands for both names.
 */
import type { PocketBaseCollection } from "../engine/pocketbase/client.ts";

/** Which of the two names: as old clients say it, or as PocketBase has it now. */
export type Side = "old" | "new";
export type Names = Record<Side, string>;

export type KnownField = {
  names: Names;
  type: string /** Id of the collection that a relation points at. */;
  target: string | null;
};
export type KnownCollection = { id: string; names: Names; isAuth: boolean; fields: KnownField[] };

const sideBySide = (name: string, to: string = name): Names => ({ old: name, new: to });

/** Spellings of a field by the name that it has in a namespace. */
export type Spellings = Readonly<Record<string, string>>;

/** An entry for a collection as the old Stack has it. @param spellings fields that get another name. */
export function known(collection: PocketBaseCollection, newName: string, spellings: Spellings = {}): KnownCollection {
  return {
    id: collection.id,
    names: sideBySide(collection.name, newName),
    isAuth: collection.type === "auth",
    fields: collection.fields.map(({ name, type, collectionId }) => ({
      names: sideBySide(name, spellings[name]),
      type,
      target: type === "relation" ? String(collectionId) : null,
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
