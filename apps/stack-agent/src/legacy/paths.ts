/**
 * Names inside of PocketBase's dotted paths (`stack.owner`, `nodes_via_stack.name`, `@collection.stacks.owner`). A word is a
 * name only where PocketBase would read it as one, so that a field that is called like a collection stays what it is.
 */
import type { Dictionary, KnownCollection, KnownField, Side } from "./dictionary.ts";

export type Direction = { from: Side; to: Side };
export const TO_NEW: Direction = { from: "old", to: "new" };
export const TO_OLD: Direction = { from: "new", to: "old" };

type Step = { text: string; next: KnownCollection | null; field: KnownField | null };

/** `nodes_via_stack`: records of nodes whose field refers to this one. */
const BACK_RELATION = /^(\w+)_via_(\w+)$/;
/** `nodes(stack)`: the same as PocketBase's first versions had it. */
const FIRST_BACK_RELATION = /^(\w+)\((\w+)\)$/;
/** `name:lower` */
const MODIFIED = /^([^:]*)(:.*)?$/s;

export function step(segment: string, at: KnownCollection | null, names: Dictionary, { from, to }: Direction): Step {
  const [, name = "", modifier = ""] = MODIFIED.exec(segment) ?? [];
  const field = at?.fields.find((candidate) => candidate.names[from] === name);
  if (field)
    return { text: field.names[to] + modifier, next: field.target === null ? null : names.byId(field.target), field };
  const back = BACK_RELATION.exec(name) ?? FIRST_BACK_RELATION.exec(name);
  const origin = back ? names.find(back[1] as string, from) : null;
  if (!back || !origin) return { text: segment, next: null, field: null };
  const via = origin.fields.find((candidate) => candidate.names[from] === back[2]);
  // By its id a collection is called the same before and after.
  const called = origin.id === back[1] ? origin.id : origin.names[to];
  const column = via?.names[to] ?? back[2];
  const text = name.endsWith(")") ? `${called}(${column})` : `${called}_via_${column}`;
  return { text: text + modifier, next: origin, field: null };
}

/** An identifier by its other name, and the field that it ends at. */
export type Resolved = { text: string; field: KnownField | null };

function walk(
  prefix: readonly string[],
  segments: readonly string[],
  start: KnownCollection | null,
  names: Dictionary,
  to: Direction,
): Resolved {
  let at = start;
  let field: KnownField | null = null;
  const texts = segments.map((segment) => {
    const taken = step(segment, at, names, to);
    at = taken.next;
    field = taken.field;
    return taken.text;
  });
  return { text: [...prefix, ...texts].join("."), field };
}

/** A path of fields that begins at a collection: of `sort`, of `expand`, of a filter. */
export const fieldPath = (path: string, base: KnownCollection | null, names: Dictionary, to: Direction): string =>
  walk([], path.split("."), base, names, to).text;

/** An identifier of a filter or a rule. */
export function identifier(path: string, base: KnownCollection | null, names: Dictionary, to: Direction): Resolved {
  const [root = "", second = "", ...rest] = path.split(".");
  if (root === "@collection") {
    const [called = "", alias] = second.split(":");
    const collection = names.find(called, to.from);
    if (!collection) return { text: path, field: null };
    const name = collection.id === called ? called : collection.names[to.to];
    return walk([root, alias === undefined ? name : `${name}:${alias}`], rest, collection, names, to);
  }
  if (root === "@request") {
    const start = second === "auth" ? names.people() : second === "body" ? base : null;
    return walk([root, second], rest, start, names, to);
  }
  return root.startsWith("@") ? { text: path, field: null } : walk([], path.split("."), base, names, to);
}

/** A path of the query parameter `fields`, which goes through `expand` and ends in `*` or a modifier. */
export function picked(path: string, base: KnownCollection | null, names: Dictionary, to: Direction): string {
  let at = base;
  return path
    .split(".")
    .map((segment) => {
      if (segment === "expand" || segment === "*") return segment;
      const { text, next } = step(segment, at, names, to);
      at = next;
      return text;
    })
    .join(".");
}
