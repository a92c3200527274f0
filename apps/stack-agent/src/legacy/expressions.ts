/** Filters and rules (https://pocketbase.io/docs/api-rules-and-filters) in which collections and fields get other names. */
import type { Dictionary, KnownCollection } from "./dictionary.ts";
import { type Direction, identifier } from "./paths.ts";

/** As PocketBase's scanner divides a text (https://github.com/ganigeorgiev/fexpr): texts, comments, identifiers, the rest. */
const TOKEN = /"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|\/\/[^\n]*|[@#A-Za-z_][\w.:@#]*|\s+|[=!?~<>]+|[\s\S]/g;
const isText = (token: string): boolean => /^["']/.test(token);
const isIdentifier = (token: string | undefined): boolean => token !== undefined && /^[@#A-Za-z_]/.test(token);
const isSign = (token: string | undefined): boolean => token !== undefined && /^[=!?~<>]+$/.test(token);

/** The identifier that the text at this place is compared with, if it asks whether they are the same. */
function comparedWith(words: readonly string[], at: number): string | undefined {
  const isEquality = (sign: string | undefined) => isSign(sign) && /^\??!?=$/.test(sign ?? "");
  return isEquality(words[at - 1]) ? words[at - 2] : isEquality(words[at + 1]) ? words[at + 2] : undefined;
}

type Rewriting = { base: KnownCollection | null; names: Dictionary; to: Direction };

/** A text that is the name of a collection, or a value that became another. */
function literal(token: string, beside: string | undefined, { base, names, to }: Rewriting): string {
  if (!isIdentifier(beside) || beside === undefined) return token;
  const [quote, said] = [token[0] as string, token.slice(1, -1)];
  if (/(^|\.)collectionName(:\w+)?$/.test(beside)) {
    const collection = names.find(said, to.from);
    return collection ? `${quote}${collection.names[to.to]}${quote}` : token;
  }
  const words = identifier(beside, base, names, to).field?.words;
  const word = (to.to === "new" ? words?.to : words?.back)?.get(said);
  return word === undefined ? token : `${quote}${word}${quote}`;
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
      if (isText(token)) return literal(token, comparedWith(words, at), { base, names, to });
      const isFunction = words[at + 1] === "(";
      return isIdentifier(token) && !isFunction ? identifier(token, base, names, to).text : token;
    })
    .join("");
}

/** Values in an expression that can no longer be told from others: `status = "active"` where `active` became `running`. */
export function lostWords(text: string, base: KnownCollection | null, names: Dictionary): string[] {
  const words = (text.match(TOKEN) ?? []).filter((token) => token.trim() !== "");
  return words.flatMap((token, at) => {
    const beside = isText(token) ? (isSign(words[at - 1]) ? words[at - 2] : words[at + 2]) : undefined;
    if (beside === undefined || !isIdentifier(beside)) return [];
    const field = identifier(beside, base, names, { from: "old", to: "new" }).field;
    const said = token.slice(1, -1);
    const became = field?.words?.to.get(said);
    return became !== undefined && field?.words?.back.get(became) !== said ? [`${beside} ${token}`] : [];
  });
}
