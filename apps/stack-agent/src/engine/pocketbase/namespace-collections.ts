/** A namespace as collections of PocketBase: names, fields, indexes, and who may do what through PocketBase's own API. */
import { randomBytes } from "node:crypto";
import { COLLECTIONS, collectionOf, RECORD_ID_PATTERN } from "@kombify/agent-contract";
import type { Field, Index, NamespaceDefinition } from "../collections.ts";
import { checkedSlug } from "../naming.ts";
import type { Collection } from "../records.ts";
import type { PocketBaseCollection, PocketBaseField } from "./client.ts";
import { columnOf } from "./codec.ts";

/** PocketBase allows 5,000 characters unless told otherwise; the agent's own schemas are what limits texts. */
const MAX_TEXT = 1_000_000;
/** Bytes of a file; PocketBase's own default is 5 MiB. */
export const MAX_FILE = 256 * 1024 * 1024;
/** Bytes; PocketBase's own default is 1 MiB. */
const MAX_JSON = 16 * 1024 * 1024;

export const tableOf = (collection: Collection, slug: string): string => collectionOf(collection, checkedSlug(slug));

/** The id of a new collection: it stays when the collection is renamed, so it says nothing of the tenant. */
export const newId = (): string => `kb${randomBytes(9).toString("hex").slice(0, 13)}`;

export const idField: PocketBaseField = {
  name: "id",
  type: "text",
  primaryKey: true,
  required: true,
  system: true,
  pattern: RECORD_ID_PATTERN.source,
  min: 15,
  max: 36,
  autogeneratePattern: "[a-z0-9]{15}",
};

/** A field as PocketBase defines it. @param ids of the namespace's collections, for what refers to them. */
function fieldOf(collection: Collection, field: Field, ids: Record<Collection, string>): PocketBaseField {
  const name = columnOf(collection, field);
  const { type, isNullable, isOneOf, references } = field;
  if (references)
    return {
      name,
      type: "relation",
      collectionId: ids[references],
      required: !isNullable,
      maxSelect: 1,
      cascadeDelete: false,
    };
  switch (type) {
    case "id":
      return { name, type: "text", max: 36 };
    case "text":
      return isOneOf
        ? { name, type: "text", required: true, pattern: `^(${isOneOf.join("|")})$` }
        : { name, type: "text", max: MAX_TEXT };
    case "integer":
      return { name, type: "number", onlyInt: true };
    case "boolean":
      return { name, type: "bool" };
    case "timestamp":
      return { name, type: "date", required: !isNullable };
    case "json":
      return { name, type: "json", maxSize: MAX_JSON, hidden: name === "extra" };
  }
}

const part = (on: Index["on"][number]): string =>
  typeof on === "string" ? `\`${on}\`` : `\`${on.ignoringCase}\` COLLATE NOCASE`;

function where(condition: Index["where"]): string {
  if (!condition) return "";
  if ("isUnset" in condition) return ` WHERE \`${condition.isUnset}\` = ''`;
  // No brackets here: PocketBase takes the last one of the text for the end of the columns.
  return ` WHERE ${condition.isOneOf.map((value) => `\`${condition.column}\` = '${value}'`).join(" OR ")}`;
}

const indexText = (table: string, { suffix, on, isUnique, where: condition }: Index): string =>
  `CREATE ${isUnique ? "UNIQUE " : ""}INDEX \`${table}_${suffix}\` ON \`${table}\` (${on.map(part).join(", ")})${where(condition)}`;

export const RULES = ["listRule", "viewRule", "createRule", "updateRule", "deleteRule"] as const;
export type Rules = Pick<PocketBaseCollection, (typeof RULES)[number]>;

/** True while the tenant is open on this host: at once false when it is suspended or moved away. */
const isOpen = (slug: string) =>
  `@collection._tenants.slug ?= "${checkedSlug(slug)}" && @collection._tenants.state ?= "ready"`;
/** What every rule of a namespace begins with: nobody but the tenant's own people. */
const wallOf = (slug: string) => `@request.auth.collectionName = "${tableOf("users", slug)}" && ${isOpen(slug)}`;
/** The same with guests, for what a single-tenant Stack showed to everybody: people of other tenants stay outside. */
const wallWithGuestsOf = (slug: string) =>
  `(@request.auth.id = "" || @request.auth.collectionName = "${tableOf("users", slug)}") && ${isOpen(slug)}`;

/**
 * What somebody may do who comes to PocketBase itself with a token of `users_{slug}`: see everything of their own tenant
 * while it is open, and change stacks and nodes unless they only look. People and jobs are the agent's to write.
 */
export function rulesOf(collection: Collection, slug: string): Rules {
  const see = wallOf(slug);
  const write = collection === "stacks" || collection === "nodes" ? `${see} && (@request.auth.role != "viewer")` : null;
  return { listRule: see, viewRule: see, createRule: write, updateRule: write, deleteRule: write };
}

/** A rule of a single-tenant Stack behind the wall of the tenant that it becomes. */
export const behindWall = (rule: string | null, slug: string): string | null =>
  rule === null ? null : `${wallWithGuestsOf(slug)}${rule === "" ? "" : ` && (${rule})`}`;

/** Whether the brackets of a text open and close as one pair around the whole. */
function isOneGroup(text: string): boolean {
  let depth = 0;
  let quoted: string | null = null;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (quoted) {
      if (char === "\\") i += 1;
      else if (char === quoted) quoted = null;
    } else if (char === '"' || char === "'") quoted = char;
    else if (char === "(") depth += 1;
    else if (char === ")") depth -= 1;
    if (depth === 0 && i < text.length - 1) return false;
  }
  return depth === 0 && text.startsWith("(");
}

/** Whether nobody of another tenant passes this rule. */
export function isWalled(rule: string | null, slug: string): boolean {
  if (rule === null) return true;
  return [wallOf(slug), wallWithGuestsOf(slug)].some((wall) => {
    if (!rule.startsWith(wall)) return false;
    const rest = rule.slice(wall.length);
    return rest === "" || (rest.startsWith(" && ") && isOneGroup(rest.slice(4)));
  });
}

/**
 * PocketBase's own fields of people. Their address is in `mail`, which two may share, and the password that each must have
 * is random and known to nobody, so that hashing it slowly would protect nothing.
 */
const LOGIN_FIELDS: PocketBaseField[] = [
  { name: "email", type: "email", system: true, required: false },
  { name: "password", type: "password", system: true, hidden: true, required: true, min: 8, cost: 4 },
];

/** Nobody logs in to a Stack with a password: people come from the portal, their tokens from the agent. */
const AUTH_OPTIONS = {
  authRule: null,
  manageRule: null,
  passwordAuth: { enabled: false, identityFields: ["email"] },
  oauth2: { enabled: false },
  otp: { enabled: false },
  mfa: { enabled: false },
  authAlert: { enabled: false },
};

/**
 * The collections of a namespace as they have to be.
 * @param known ids of collections that are there already.
 */
export function namespaceCollections(
  slug: string,
  definition: NamespaceDefinition,
  known: Partial<Record<Collection, string>> = {},
): Record<Collection, PocketBaseCollection> {
  const ids = Object.fromEntries(COLLECTIONS.map((name) => [name, known[name] ?? newId()])) as Record<
    Collection,
    string
  >;
  const make = (collection: Collection): PocketBaseCollection => {
    const { fields, indexes } = definition.collections[collection];
    const name = tableOf(collection, slug);
    const own = Object.values(fields).filter(({ column }) => column !== "id");
    return {
      id: ids[collection],
      name,
      type: collection === "users" ? "auth" : "base",
      fields: [
        idField,
        ...(collection === "users" ? LOGIN_FIELDS : []),
        ...own.map((field) => fieldOf(collection, field, ids)),
      ],
      indexes: indexes.map((index) => indexText(name, index)),
      ...rulesOf(collection, slug),
      ...(collection === "users" ? AUTH_OPTIONS : {}),
    };
  };
  return Object.fromEntries(COLLECTIONS.map((collection) => [collection, make(collection)])) as ReturnType<
    typeof namespaceCollections
  >;
}
