/** The query parameters of a records request, with the names that PocketBase has now. */
import type { Dictionary, KnownCollection } from "../legacy/dictionary.ts";
import { expression } from "../legacy/expressions.ts";
import { fieldPath, picked, TO_NEW } from "../legacy/paths.ts";

/** Divides at commas that are not within brackets: `name:excerpt(20,true),id`. */
const parts = (list: string): string[] => list.match(/(?:[^,(]|\([^)]*\)?)+/g) ?? [];
const each = (list: string, translate: (path: string) => string): string =>
  parts(list)
    .map((part) => {
      const [, lead = "", path = ""] = /^(\s*[+-]?)([\s\S]*)$/.exec(part) ?? [];
      return lead + translate(path);
    })
    .join(",");

type Translate = (text: string, base: KnownCollection, names: Dictionary) => string;
/** In the answer to a log-in the fields of the person are those of `record`. */
const pickedOf: Translate = (text, base, names) =>
  each(text, (path) =>
    path.startsWith("record.")
      ? `record.${picked(path.slice("record.".length), base, names, TO_NEW)}`
      : picked(path, base, names, TO_NEW),
  );
const pathsOf: Translate = (text, base, names) =>
  each(text, (path) => (path.startsWith("@") ? path : fieldPath(path, base, names, TO_NEW)));

const PARAMETERS: Record<string, Translate> = {
  filter: (text, base, names) => expression(text, base, names, TO_NEW),
  sort: pathsOf,
  expand: pathsOf,
  fields: pickedOf,
};

/** @returns the parameter in PocketBase's names; one that says no names stays as it is. */
export const newParameter = (name: string, value: string, base: KnownCollection, names: Dictionary): string =>
  PARAMETERS[name]?.(value, base, names) ?? value;

/** `?filter=...` and so on. */
export function newQuery(search: string, base: KnownCollection, names: Dictionary): string {
  const given = [...new URLSearchParams(search)];
  const query = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, newParameter(name, value, base, names)]),
  );
  return given.length === 0 ? "" : `?${query}`;
}
