/**
 * What the agent's own fields hold for records that are older than they are. Filled by statements inside of PocketBase's
 * database, only where something is missing: so they can be repeated, and PocketBase notes no change of the record.
 */
import type { Collection } from "../engine/records.ts";
import { LOCAL_ISSUER, OLD_ROLE } from "../legacy/four.ts";
import { TRANSLATIONS, type Translation } from "../legacy/words.ts";

/** `from`: columns of an old Stack that say the same, the best first. `otherwise`: SQL for what none of them says. */
export type Fill = { column: string; from?: readonly string[]; otherwise?: string; unset?: string };

export const NOW = "strftime('%Y-%m-%d %H:%M:%fZ', 'now')";
const created: Fill = { column: "created_at", from: ["created"], otherwise: NOW };
const updated: Fill = { column: "updated_at", from: ["updated", "created"], otherwise: NOW };

export const FILLS: Record<Collection, readonly Fill[]> = {
  users: [
    { column: "issuer", otherwise: `'${LOCAL_ISSUER}'` },
    { column: "subject", from: ["id"] },
    { column: "mail", from: ["email"] },
    { column: "name", from: ["displayName", "username"] },
    created,
    updated,
    { column: "last_seen_at", from: ["updated", "created"], otherwise: NOW },
  ],
  stacks: [
    { column: "name", from: ["title"], otherwise: "'Stack ' || id" },
    { column: "created_by", from: ["owner", "user"] },
    created,
    updated,
  ],
  nodes: [
    { column: "name", from: ["hostname"], otherwise: "'node ' || id" },
    { column: "address", from: ["ip", "host"] },
    created,
    updated,
  ],
  jobs: [
    created,
    { column: "run_after", from: ["created"], otherwise: NOW },
    { column: "max_attempts", otherwise: "3", unset: "0" },
  ],
};

const list = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(", ");

/** The value that a word of an old Stack becomes, as SQL over a text. */
export function translated({ words, otherwise }: Translation, text: string): string {
  const cases = Object.entries(words).map(([from, to]) => `WHEN '${from}' THEN '${to}'`);
  return `CASE lower(${text}) ${cases.join(" ")} ELSE '${otherwise}' END`;
}

export const isUnknown = ({ column, known }: Translation): string => `\`${column}\` NOT IN (${list(known)})`;

/** Where `extra` keeps what a field of the old Stack said before and what it became, for the way back. */
export const noteOf = (column: string): string => `$.before.${column}`;

/** Sets a column; when the old Stack had it, what it held at first is noted. */
function set(table: string, column: string, value: string, where: string, isTheirs: boolean): string {
  const extra = "CASE WHEN json_valid(`extra`) AND json_type(`extra`) = 'object' THEN `extra` ELSE '{}' END";
  const note = isTheirs
    ? `\`extra\` = json_insert(${extra}, '${noteOf(column)}', json_object('from', \`${column}\`, 'to', ${value})), `
    : "";
  return `UPDATE \`${table}\` SET ${note}\`${column}\` = ${value} WHERE ${where}`;
}

/** Gives a column back what it held, unless somebody has changed it since. */
export function restoreStatement(table: string, column: string): string {
  const part = (name: string) => `json_extract(\`extra\`, '${noteOf(column)}.${name}')`;
  const where = `json_valid(\`extra\`) AND ${part("to")} IS NOT NULL AND \`${column}\` = ${part("to")}`;
  return `UPDATE \`${table}\` SET \`${column}\` = ${part("from")}, \`extra\` = json_remove(\`extra\`, '${noteOf(column)}') WHERE ${where}`;
}

/**
 * Jobs that the old Stack was running when it stopped. Nobody knows how far they came, so they end: nothing is done twice
 * by accident.
 */
function interrupted(table: string, theirs: ReadonlySet<string>): string[] {
  const where = "`state` = 'running' AND `lease_owner` = ''";
  const words = "'The Stack became a tenant while this ran. Look at what it did, and start it again.'";
  return [
    set(table, "error", words, where, theirs.has("error")),
    set(table, "state", "'failed'", where, theirs.has("state")),
  ];
}

/** The agent's own role of somebody, from what the old Stack called theirs. */
function roleFrom(table: string): string {
  const [role] = TRANSLATIONS.users;
  if (!role) throw new Error("Roles have no words.");
  const value = `CASE WHEN \`${OLD_ROLE}\` IN (${list(role.known)}) THEN \`${OLD_ROLE}\` ELSE ${translated(role, `\`${OLD_ROLE}\``)} END`;
  return `UPDATE \`${table}\` SET \`role\` = ${value} WHERE \`role\` = ''`;
}

/** Somebody has to own the homelab: who administered it, else who came first. */
function owner(table: string, isTheirs: boolean): string {
  const first = `SELECT id FROM \`${table}\` ORDER BY \`role\` <> 'admin', \`created_at\`, id LIMIT 1`;
  const where = `id = (${first}) AND NOT EXISTS (SELECT 1 FROM \`${table}\` WHERE \`role\` = 'owner')`;
  return set(table, "role", "'owner'", where, isTheirs);
}

/** Somebody who logs in to the Stack itself has changed their address there. */
const addresses = (table: string): string =>
  `UPDATE \`${table}\` SET \`mail\` = \`email\` WHERE \`issuer\` = '${LOCAL_ISSUER}' AND \`email\` <> '' AND \`mail\` <> \`email\``;

/**
 * Statements that fill what is missing and translate what is unknown.
 * @param theirs columns that the old Stack had.
 */
export function completions(collection: Collection, table: string, theirs: ReadonlySet<string>): string[] {
  const fills = FILLS[collection].flatMap(({ column, from = [], otherwise, unset = "''" }) => {
    const sources = from.filter((name) => name === "id" || theirs.has(name)).map((name) => `NULLIF(\`${name}\`, '')`);
    if (sources.length === 0 && otherwise === undefined) return [];
    const value = `COALESCE(${[...sources, otherwise ?? "''", "''"].join(", ")})`;
    return [set(table, column, value, `\`${column}\` = ${unset} AND ${value} <> ''`, theirs.has(column))];
  });
  const translations = TRANSLATIONS[collection].map((translation) => {
    const { column } = translation;
    return set(table, column, translated(translation, `\`${column}\``), isUnknown(translation), theirs.has(column));
  });
  return [...(collection === "users" ? [addresses(table)] : []), ...fills, ...translations];
}

/** Everything that records need once, when their Stack becomes a tenant, in the order in which it has to be done. */
export function fillStatements(collection: Collection, table: string, theirs: ReadonlySet<string>): string[] {
  const [all, last] = [completions(collection, table, theirs), TRANSLATIONS[collection].length];
  return [
    ...all.slice(0, -last),
    ...(theirs.has(OLD_ROLE) ? [roleFrom(table)] : []),
    ...(collection === "users" ? [owner(table, theirs.has("role"))] : []),
    ...all.slice(-last),
    ...(collection === "jobs" ? interrupted(table, theirs) : []),
  ];
}
