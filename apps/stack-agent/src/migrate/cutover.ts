/**
 * What is said to PocketBase so that an old Stack's collections are those of a tenant: new names, rules behind the tenant's
 * wall, the fields that are missing. Ids of collections and fields stay, and with them records, files and tokens.
 */
import { COLLECTIONS } from "@kombify/agent-contract";
import type { PocketBaseCollection, PocketBaseField } from "../engine/pocketbase/client.ts";
import { compare } from "../engine/pocketbase/converge.ts";
import { behindWall, RULES, type Rules, tableOf } from "../engine/pocketbase/namespace-collections.ts";
import type { Collection } from "../engine/records.ts";
import type { KnownCollection } from "../legacy/dictionary.ts";
import { expression } from "../legacy/expressions.ts";
import { DEFAULT_SLUG, LOCAL_ISSUER } from "../legacy/four.ts";
import { TO_NEW } from "../legacy/paths.ts";
import { viewQuery } from "../legacy/view-queries.ts";
import { type Survey, wantedOf } from "./survey.ts";

export type Change = { has: PocketBaseCollection | null; change: Partial<PocketBaseCollection>; words: string[] };

/**
 * Fields that say who somebody is. Under an old rule such as `id = @request.auth.id` people change their own records: what
 * is hidden, PocketBase neither shows to them nor takes from them, and it fills in what new records need.
 */
const GUARDED: Record<string, Partial<PocketBaseField>> = {
  issuer: { hidden: true, autogeneratePattern: LOCAL_ISSUER },
  subject: { hidden: true, autogeneratePattern: "[a-z0-9]{20}" },
  role: { hidden: true, autogeneratePattern: "member" },
  mail: { hidden: true },
};

/** A stack that the agent deleted is still there, with `deleted_at` set; old clients know nothing of that. */
const alive = (rule: string): string => `deleted_at = ""${rule === "" ? "" : ` && (${rule})`}`;

function rulesOf(
  has: PocketBaseCollection,
  base: KnownCollection,
  names: Survey["names"],
  hidesDeleted: boolean,
): Rules {
  const walled = (rule: string | null, name: (typeof RULES)[number]): string | null => {
    if (rule === null) return null;
    const renamed = expression(rule, base, names, TO_NEW);
    return behindWall(hidesDeleted && name !== "createRule" ? alive(renamed) : renamed, DEFAULT_SLUG);
  };
  return Object.fromEntries(RULES.map((name) => [name, walled(has[name], name)])) as Rules;
}

/** The column that an index says is unique by itself and for every record; undefined for any other index. */
const aloneIn = (index: string): string | undefined =>
  /^\s*create\s+unique\b[^(]*\(\s*[`"[]?(\w+)[`"\]]?[^,()]*\)\s*$/i.exec(index)?.[1];

/** Whether each record has to have a value of its own in a field that the agent's own records leave empty. */
export function isUniqueAlone({ fields, indexes }: PocketBaseCollection, name: string): boolean {
  const field = fields.find((one) => one.name === name);
  const isForeign = field && !field.system && field.type !== "number" && !field.autogeneratePattern;
  return Boolean(isForeign) && indexes.some((index) => aloneIn(index) === name);
}

/** Columns of an index by their new names. The names of tables in it are PocketBase's to keep right. */
function indexOf(text: string, { fields }: KnownCollection, has: PocketBaseCollection): string {
  const [head = "", tail = ""] = text.split(/(?<=\bon\b)/i);
  const renamed =
    head + tail.replace(/\w+/g, (word) => fields.find(({ names }) => names.old === word)?.names.new ?? word);
  const alone = aloneIn(renamed);
  return alone && isUniqueAlone({ ...has, indexes: [renamed] }, alone)
    ? `${renamed} WHERE \`${alone}\` != ''`
    : renamed;
}

function fieldsOf(
  collection: Collection,
  has: PocketBaseCollection,
  fields: PocketBaseField[],
  ours: Set<string>,
): PocketBaseField[] {
  const ids = new Set(has.fields.map(({ id }) => id));
  return fields.map((field) => {
    const isNew = field.id === undefined || !ids.has(field.id);
    if (isNew) return collection === "users" ? { ...field, ...GUARDED[field.name] } : field;
    return field.system || ours.has(field.name) || !field.required ? field : { ...field, required: false };
  });
}

function changeOf(collection: Collection, has: PocketBaseCollection, found: Survey): Change {
  const wanted = wantedOf(found.four)[collection];
  const base = found.names.byId(has.id) as KnownCollection;
  const hidesDeleted = collection === "stacks" && !has.fields.some(({ name }) => name === "deleted_at");
  const spelled = has.fields.map((field) => ({
    ...field,
    name: base.fields.find(({ names }) => names.old === field.name)?.names.new ?? field.name,
  }));
  const rules = rulesOf(has, base, found.names, hidesDeleted);
  const renamed = { ...has, name: wanted.name, fields: spelled, ...rules };
  const { collection: completed, words } = compare(renamed, { ...wanted, indexes: [] }, DEFAULT_SLUG);
  const ours = new Set(wanted.fields.map(({ name }) => name));
  return {
    has,
    words: words.map((word) =>
      word.replace(/ is missing$/, " is added").replace(/ is defined otherwise$/, " is widened"),
    ),
    change: {
      id: has.id,
      name: wanted.name,
      type: has.type,
      fields: fieldsOf(collection, has, completed?.fields ?? spelled, ours),
      // Our own indexes come when the fields that they are about are filled.
      indexes: has.indexes.map((index) => indexOf(index, base, { ...has, fields: spelled })),
      ...rules,
      ...(typeof has.manageRule === "string"
        ? { manageRule: expression(has.manageRule, base, found.names, TO_NEW) }
        : {}),
    },
  };
}

function changeOfOther(has: PocketBaseCollection, { names }: Survey): Change {
  const rules = rulesOf(has, names.byId(has.id) as KnownCollection, names, false);
  const query = has.type === "view" ? { viewQuery: viewQuery(String(has.viewQuery), names) } : {};
  return { has, words: [], change: { id: has.id, name: has.name, ...rules, ...query } };
}

/**
 * Everything that changes, the four first. A collection that the old Stack did not have is made.
 * @throws ServiceError PRECONDITION when a field holds another kind of values than it has to.
 */
export function cutover(found: Survey): Change[] {
  const wanted = wantedOf(found.four);
  const four = COLLECTIONS.map((collection): Change => {
    const has = found.four[collection];
    if (has) return changeOf(collection, has, found);
    const made = { ...wanted[collection], indexes: [] };
    return { has: null, change: made, words: [`${tableOf(collection, DEFAULT_SLUG)} is made, empty`] };
  });
  return [...four, ...found.others.map((other) => changeOfOther(other, found))];
}
