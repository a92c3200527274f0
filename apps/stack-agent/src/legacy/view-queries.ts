/**
 * The query of a view after its tables got other names. `FROM stacks` becomes `FROM stacks_default AS stacks`, so that
 * everything else in the query goes on meaning what it meant, and PocketBase still knows the types of its columns.
 */
import type { Dictionary } from "./dictionary.ts";

const TOKEN = /'(?:''|[^'])*'|"(?:""|[^"])*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\/|\w+|\s+|[\s\S]/g;
const isBlank = (token: string): boolean => /^(\s|--|\/\*)/.test(token);
const bare = (token: string): string => token.replace(/^(["`[])(.*)["`\]]$/s, "$2");
/** What may stand after a table and is no other name for it (https://sqlite.org/lang_select.html). */
const NO_ALIAS = new Set(
  "on where left right full inner outer cross natural join group order limit having union except intersect window using indexed not".split(
    " ",
  ),
);
/** Begins what is no list of tables any more. */
const ENDS_TABLES = new Set("where group order limit having union except intersect window on using".split(" "));

type Word = { at: number; text: string };

/** Names that the query itself gives: `WITH nodes AS (...)`. */
function ownNames(words: readonly Word[]): Set<string> {
  const names = new Set<string>();
  words.forEach(({ text }, i) => {
    const isNamed = words[i + 1]?.text.toLowerCase() === "as" && words[i + 2]?.text === "(";
    if (isNamed && ["with", "recursive", ","].includes(words[i - 1]?.text.toLowerCase() ?? "")) names.add(bare(text));
  });
  return names;
}

/** @returns the query with the new names of its tables. */
export function viewQuery(query: string, names: Dictionary): string {
  const tokens: string[] = query.match(TOKEN) ?? [];
  const words = tokens.map((text, at) => ({ at, text })).filter(({ text }) => !isBlank(text));
  const own = ownNames(words);
  /** For each open bracket, whether a comma there separates tables. */
  const isInTables = [false];
  words.forEach(({ at, text }, i) => {
    const word = text.toLowerCase();
    if (text === "(") isInTables.push(false);
    else if (text === ")") isInTables.pop();
    else if (word === "from" || word === "join") isInTables[isInTables.length - 1] = true;
    else if (ENDS_TABLES.has(word)) isInTables[isInTables.length - 1] = false;
    const before = words[i - 1]?.text.toLowerCase();
    const isTable = before === "from" || before === "join" || (before === "," && isInTables.at(-1));
    const collection = isTable && !own.has(bare(text)) ? names.find(bare(text), "old") : null;
    if (!collection || collection.names.old === collection.names.new) return;
    const next = words[i + 1]?.text;
    const hasAlias = next !== undefined && /^[\w"`[]/.test(next) && !NO_ALIAS.has(next.toLowerCase());
    tokens[at] = hasAlias ? collection.names.new : `${collection.names.new} AS ${bare(text)}`;
  });
  return tokens.join("");
}

/** Old names of renamed fields that a query uses: their columns are gone, and a query cannot be told apart from its texts. */
export function lostColumns(query: string, names: Dictionary): string[] {
  const words = new Set((query.match(TOKEN) ?? []).map((token) => bare(token).toLowerCase()));
  return names.collections
    .filter(({ names: { old } }) => words.has(old.toLowerCase()))
    .flatMap(({ names: { old: table }, fields }) =>
      fields
        .filter(({ names: { old, new: now } }) => old !== now && words.has(old.toLowerCase()))
        .map(({ names: { old } }) => `${table}.${old}`),
    );
}
