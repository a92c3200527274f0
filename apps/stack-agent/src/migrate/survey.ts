/** What is on a PocketBase: an old Stack, tenants that are there already, and an earlier migration. Looks and touches nothing. */
import { COLLECTIONS, ServiceError } from "@kombify/agent-contract";
import { CURRENT_DEFINITION } from "../engine/collections.ts";
import type { Client, PocketBaseCollection } from "../engine/pocketbase/client.ts";
import { columnOf } from "../engine/pocketbase/codec.ts";
import { namespaceCollections, RULES, tableOf } from "../engine/pocketbase/namespace-collections.ts";
import type { Collection } from "../engine/records.ts";
import type { Dictionary } from "../legacy/dictionary.ts";
import { lostWords } from "../legacy/expressions.ts";
import { DEFAULT_SLUG, dictionaryOf, type Four, fourOf, othersOf } from "../legacy/four.ts";
import { lostColumns } from "../legacy/view-queries.ts";

export type Survey = {
  collections: PocketBaseCollection[];
  four: Four;
  /** What else the old Stack has: its own collections and views. */
  others: PocketBaseCollection[];
  names: Dictionary;
};

/** Names that the agent needs for itself; a field of an old Stack that has one means something else. */
const RESERVED: Record<Collection, readonly string[]> = {
  users: ["extra", "issuer", "subject", "mail"],
  stacks: ["extra"],
  nodes: ["extra"],
  jobs: ["extra"],
};

async function tenantSlugs(client: Client, collections: readonly PocketBaseCollection[]): Promise<string[]> {
  if (!collections.some(({ name }) => name === "_tenants")) return [];
  const tenants = await client.pb.collection("_tenants").getFullList({ fields: "slug" });
  return tenants.map(({ slug }) => String(slug));
}

export async function survey(client: Client): Promise<Survey> {
  const collections = await client.collections();
  const four = fourOf(collections);
  const others = othersOf(collections, four, await tenantSlugs(client, collections));
  return { collections, four, others, names: dictionaryOf(four, others) };
}

function* ofShape({ collections, four, others, names }: Survey): Generator<string> {
  if (Object.keys(four).length === 0)
    yield `This PocketBase has none of the collections ${COLLECTIONS.join(", ")}: there is no single-tenant Stack to migrate.`;
  for (const collection of COLLECTIONS)
    if (collections.some(({ name }) => name === tableOf(collection, DEFAULT_SLUG)))
      yield `${tableOf(collection, DEFAULT_SLUG)} exists already, and no migration of this Stack made it. Rename it or remove it.`;
  for (const { name, type } of others) {
    if (type === "auth")
      yield `The people of ${name} would be shut out: a tenant has one collection of people. Move them to users, or remove ${name}.`;
    if (/^users_[a-z][a-z0-9]{1,19}$/.test(name))
      yield `${name} looks like the people of a tenant that nobody knows. Rename it.`;
  }
  for (const { name, viewQuery } of others.filter(({ type }) => type === "view"))
    for (const column of lostColumns(String(viewQuery), names))
      yield `The view ${name} uses ${column}, which becomes stack_id. Take it out of the query, and put it back afterwards.`;
}

function* ofFields(collection: Collection, has: PocketBaseCollection): Generator<string> {
  const type = collection === "users" ? "auth" : "base";
  if (has.type !== type) return yield `${has.name} is a collection of the type ${has.type}; it has to be ${type}.`;
  for (const { name } of has.fields)
    if (RESERVED[collection].includes(name))
      yield `${has.name}.${name} has a name that the agent needs for itself. Rename the field in PocketBase, and its values are kept.`;
  const ours = Object.values(CURRENT_DEFINITION.collections[collection].fields).map((field) =>
    columnOf(collection, field),
  );
  for (const { name, maxSelect } of has.fields)
    if (ours.includes(name) && Number(maxSelect ?? 1) > 1)
      yield `${has.name}.${name} holds several values; it has to hold one. Rename the field in PocketBase, and its values are kept.`;
}

/** A rule that asks for a value which becomes the same as another would let in others than before. */
function* ofRules({ four, others, names }: Survey): Generator<string> {
  for (const has of [...Object.values(four), ...others])
    for (const rule of RULES)
      for (const lost of lostWords(has[rule] ?? "", names.byId(has.id), names))
        yield `The ${rule} of ${has.name} asks for ${lost}, which becomes the same as another value. Write the rule without it.`;
}

/** What of an old Stack cannot be understood, in words that say what would be right. */
export function shapeRefusals(found: Survey): string[] {
  const refusals = [...ofShape(found)];
  for (const collection of COLLECTIONS) {
    const has = found.four[collection];
    if (has) refusals.push(...ofFields(collection, has));
  }
  return [...refusals, ...ofRules(found)];
}

/** The definition that the four have to fit, with the ids that they have. */
export const wantedOf = (four: Four): Record<Collection, PocketBaseCollection> =>
  namespaceCollections(
    DEFAULT_SLUG,
    CURRENT_DEFINITION,
    Object.fromEntries(Object.entries(four).map(([collection, { id }]) => [collection, id])),
  );

/** @throws ServiceError PRECONDITION that names everything that stands in the way. */
export function refuse(refusals: readonly string[]): void {
  if (refusals.length === 0) return;
  const list = refusals.map((refusal) => `\n  - ${refusal}`).join("");
  throw new ServiceError("PRECONDITION", `This Stack cannot be migrated as it is, and nothing was touched:${list}`);
}
