/** Filters and rules (https://pocketbase.io/docs/api-rules-and-filters) in which collections and fields get other names. */
import type { Dictionary, KnownCollection } from "./dictionary.ts";
import { type Direction, identifier } from "./paths.ts";

/** As PocketBase's scanner divides a text (https://github.com/ganigeorgiev/fexpr): texts, comments, identifiers, the rest. */
const TOKEN = /"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|\/\/[^\n]*|[@#A-Za-z_][\w.:@#]*|\s+|[=!?~<>]+|[\s\S]/g;
const isText = (token: string): boolean => /^["']/.test(token);
const isIdentifier = (token: string | undefined): boolean => token !== undefined && /^[@#A-Za-z_]/.test(token);
const isSign = (token: string | undefined): boolean => token !== undefined && /^[=!?~<>]+$/.test(token);

/** Whether the text at this place is compared with the name of a collection. */
function isCollectionName(words: readonly string[], at: number): boolean {
  const beside = isSign(words[at - 1]) ? words[at - 2] : isSign(words[at + 1]) ? words[at + 2] : undefined;
  return beside !== undefined && /(^|\.)collectionName(:\w+)?$/.test(beside);
}

/** @param base the collection whose fields the expression is about. */
export function expression(text: string, base: KnownCollection | null, names: Dictionary, to: Direction): string {
  const tokens = text.match(TOKEN) ?? [];
  const words = tokens.filter((token) => token.trim() !== "");
  let at = -1;
  return tokens
    .map((token) => {
      if (token.trim() === "") return token;
      at += 1;
      if (isText(token)) {
        if (!isCollectionName(words, at)) return token;
        const collection = names.find(token.slice(1, -1), to.from);
        return collection ? `${token[0]}${collection.names[to.to]}${token[0]}` : token;
      }
      const isFunction = words[at + 1] === "(";
      return isIdentifier(token) && !isFunction ? identifier(token, base, names, to) : token;
    })
    .join("");
}

/** Names of the collections that an expression speaks of, by `@collection`, `_via_` or `collectionName`. */
export function mentions(text: string, names: Dictionary, base: KnownCollection | null): boolean {
  return expression(text, base, names, { from: "old", to: "new" }) !== text;
}
