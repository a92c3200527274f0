/** What an old Stack's records say that the agent could not live with. Asked of PocketBase's database, which is left as it is. */
import { COLLECTIONS } from "@kombify/agent-contract";
import type { Client } from "../engine/pocketbase/client.ts";
import type { Collection } from "../engine/records.ts";
import { type Four, spellingsOf } from "../legacy/four.ts";
import { TRANSLATIONS } from "../legacy/words.ts";
import { isUnknown, translated } from "./values.ts";

/** How many examples a refusal names. */
const SHOWN = 5;
type Row = Array<string | null>;

const shown = (rows: readonly Row[], say: (row: Row) => string): string =>
  rows.slice(0, SHOWN).map(say).join(", ") + (rows.length > SHOWN ? ` and ${rows.length - SHOWN} more` : "");

/** A UUID as RECORD_ID_PATTERN has it, for GLOB. */
const HEX = "[0-9a-f]";
const UUID_GLOB = [8, 4, 4, 4, 12].map((length) => HEX.repeat(length)).join("-");
const isNoId = (column: string): string =>
  `NOT ((length(${column}) = 15 AND ${column} NOT GLOB '*[^a-z0-9]*') OR ${column} GLOB '${UUID_GLOB}')`;

async function* refusalsOf(client: Client, four: Four): AsyncGenerator<string> {
  for (const collection of COLLECTIONS) {
    const has = four[collection];
    if (!has) continue;
    const ids = await client.raw(`SELECT id FROM \`${has.name}\` WHERE ${isNoId("id")} LIMIT 100`);
    if (ids.length > 0)
      yield `${has.name} have ids that are neither 15 lower-case letters and digits nor UUIDs: ${shown(ids, ([id]) => String(id))}. Give these records such ids.`;
    for (const { name } of has.fields.filter(
      ({ name, type }) => type === "number" && ["progress", "attempts", "max_attempts"].includes(name),
    )) {
      const rows = await client.raw(
        `SELECT id FROM \`${has.name}\` WHERE \`${name}\` <> CAST(\`${name}\` AS INTEGER) LIMIT 100`,
      );
      if (rows.length > 0)
        yield `${has.name}.${name} has to hold whole numbers, and does not in ${shown(rows, ([id]) => String(id))}.`;
    }
  }
  const { stacks, nodes } = four;
  if (stacks) {
    const live = stacks.fields.some(({ name }) => name === "deleted_at") ? "WHERE deleted_at = ''" : "";
    const hasName = stacks.fields.some(({ name }) => name === "name");
    const rows = hasName
      ? await client.raw(
          `SELECT name, group_concat(id, ', ') FROM \`${stacks.name}\` ${live} GROUP BY name COLLATE NOCASE HAVING count(*) > 1 AND name <> '' LIMIT 100`,
        )
      : [];
    if (rows.length > 0)
      yield `Two stacks of one homelab cannot share a name, upper and lower case alike: ${shown(rows, ([name, ids]) => `"${name}" (${ids})`)}. Rename one of each.`;
  }
  if (nodes)
    yield* ofNodes(
      client,
      nodes.name,
      spelledAs("nodes", nodes),
      stacks?.name ?? null,
      nodes.fields.some(({ name }) => name === "name"),
    );
}

/** The old name of the field that names a record's stack; null when there is none. */
function spelledAs(collection: Collection, has: NonNullable<Four[Collection]>): string | null {
  if (has.fields.some(({ name }) => name === "stack_id")) return "stack_id";
  return Object.keys(spellingsOf(collection, has))[0] ?? null;
}

async function* ofNodes(
  client: Client,
  table: string,
  column: string | null,
  stacks: string | null,
  hasName: boolean,
): AsyncGenerator<string> {
  if (column === null || stacks === null) {
    const [[count = "0"] = []] = await client.raw(`SELECT count(*) FROM \`${table}\``);
    if (Number(count) > 0)
      yield `${table} have no field that names their stack: neither stack_id nor stack nor stackId. Add a relation stack_id.`;
    return;
  }
  const lost = await client.raw(
    `SELECT id FROM \`${table}\` WHERE \`${column}\` NOT IN (SELECT id FROM \`${stacks}\`) LIMIT 100`,
  );
  if (lost.length > 0)
    yield `Nodes belong to a stack, and these name none that is there: ${shown(lost, ([id]) => String(id))}. Assign them to a stack, or remove them.`;
  if (!hasName) return;
  const rows = await client.raw(
    `SELECT name, group_concat(id, ', ') FROM \`${table}\` GROUP BY \`${column}\`, name COLLATE NOCASE HAVING count(*) > 1 AND name <> '' LIMIT 100`,
  );
  if (rows.length > 0)
    yield `Two nodes of one stack cannot share a name, upper and lower case alike: ${shown(rows, ([name, ids]) => `"${name}" (${ids})`)}. Rename one of each.`;
}

/** What stands in the way, in words that say what would be right. */
export async function contentRefusals(client: Client, four: Four): Promise<string[]> {
  const refusals: string[] = [];
  for await (const refusal of refusalsOf(client, four)) refusals.push(refusal);
  return refusals;
}

/** What values become others, in words with counts. */
export async function translationsOf(client: Client, four: Four): Promise<string[]> {
  const words: string[] = [];
  for (const collection of COLLECTIONS) {
    const has = four[collection];
    for (const translation of has ? TRANSLATIONS[collection] : []) {
      const { column } = translation;
      // An old Stack's own roles stay what they are, under another name.
      if (collection === "users" || !has?.fields.some(({ name }) => name === column)) continue;
      const rows = await client.raw(
        `SELECT \`${column}\`, ${translated(translation, `\`${column}\``)}, count(*) FROM \`${has.name}\` WHERE ${isUnknown(translation)} GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 100`,
      );
      for (const [from, to, count] of rows) words.push(`${has.name}.${column}: ${count} of "${from}" become "${to}"`);
    }
    if (collection === "jobs" && has?.fields.some(({ name }) => name === "state")) {
      const [[count] = []] = await client.raw(`SELECT count(*) FROM \`${has.name}\` WHERE state = 'running'`);
      if (Number(count) > 0)
        words.push(`${count} jobs that are running become "failed": nobody knows how far they came`);
    }
  }
  return words;
}

/** How many records a collection has. */
export async function countOf(client: Client, table: string): Promise<number> {
  const [[count] = []] = await client.raw(`SELECT count(*) FROM \`${table}\``);
  return Number(count);
}
