/** What a migration would do, in words. */
import type { Client } from "../engine/pocketbase/client.ts";
import { behindWall, RULES } from "../engine/pocketbase/namespace-collections.ts";
import { DEFAULT_SLUG } from "../legacy/four.ts";
import { contentRefusals, countOf, translationsOf } from "./content.ts";
import { type Change, cutover } from "./cutover.ts";
import { isThere } from "./is-there.ts";
import { createJournal, JOURNAL } from "./journal.ts";
import { UP } from "./steps.ts";
import { DOWN } from "./steps-back.ts";
import { refuse, shapeRefusals, survey } from "./survey.ts";

const WALL = behindWall("", DEFAULT_SLUG) as string;
const quoted = (rule: string | null): string =>
  rule === null ? "nobody but superusers" : rule === "" ? "everybody" : rule.replace(WALL, "the tenant's wall");

function* wordsOf({ has, change, words }: Change, count: number): Generator<string> {
  if (!has) return yield* words;
  const isRenamed = has.name !== change.name;
  const noun = has.type === "view" ? "view" : count === 1 ? "1 record" : `${count} records`;
  yield `${has.name} (${noun}) ${isRenamed ? `becomes ${change.name}` : "stays"}; its id and those of its records stay`;
  for (const field of change.fields ?? []) {
    const old = has.fields.find(({ id }) => id === field.id);
    if (old && old.name !== field.name) yield `  field ${old.name} becomes ${field.name}`;
    if (old?.required && !field.required && old.name === field.name) yield `  field ${field.name} may be empty`;
  }
  for (const word of words) yield `  ${word.replace(`${change.name}.`, "field ")}`;
  for (const [i, index] of (change.indexes ?? []).entries())
    if (index !== has.indexes[i]) yield `  index ${has.indexes[i]} becomes ${index}`;
  for (const rule of RULES)
    if (has[rule] !== change[rule]) yield `  ${rule}: ${quoted(has[rule])} -> ${quoted(change[rule] ?? null)}`;
  if (change.viewQuery !== undefined && change.viewQuery !== has.viewQuery)
    yield `  query: ${has.viewQuery} -> ${change.viewQuery}`;
}

/**
 * Every change in words with counts. Changes nothing.
 * @throws ServiceError PRECONDITION when something stands in the way, naming all of it.
 */
export async function planLines(client: Client): Promise<string[]> {
  const begun = (await isThere(client, JOURNAL)) ? await createJournal(client).state() : null;
  if (begun) {
    const [steps, which] = begun.direction === "up" ? [UP, ""] : [DOWN, " --down"];
    const left = steps.filter(({ name }) => !begun.done.includes(name)).map(({ name, title }) => `  ${name}: ${title}`);
    return left.length === 0
      ? ["Already done: nothing is left."]
      : [`Begun. migrate multi-tenancy${which} goes on with:`, ...left];
  }
  const found = await survey(client);
  const shape = shapeRefusals(found);
  refuse(shape.length > 0 ? shape : await contentRefusals(client, found.four));
  const lines: string[] = [`The tenant's wall: ${WALL}`];
  for (const change of cutover(found)) {
    const count = change.has && change.has.type !== "view" ? await countOf(client, change.has.name) : 0;
    lines.push(...wordsOf(change, count));
  }
  lines.push("Values:", ...(await translationsOf(client, found.four)).map((word) => `  ${word}`));
  return lines;
}
