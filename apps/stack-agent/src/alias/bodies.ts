/** What old clients write, completed with what they do not know. */
import { FILLS } from "../migrate/values.ts";
import type { Reachable } from "./vocabulary.ts";

export type Kind = "create" | "update";
type Body = Record<string, unknown>;

/** `+documents`, `documents-`, `name:autogenerate`: a field with what is to be done to it. */
const MODIFIED = /^(\+?)([^:+-]*)(.*)$/s;

export function newKey(key: string, { known }: Reachable): string {
  const [, before = "", name = "", after = ""] = MODIFIED.exec(key) ?? [];
  const field = known.fields.find(({ names }) => names.old === name);
  return field ? `${before}${field.names.new}${after}` : key;
}

/**
 * A word of old clients for a value that became another. Where both words are still allowed it stays, for the client's
 * rules may ask for it, and is translated once it is stored.
 * @param key the field's name as PocketBase has it now.
 */
export function newValue(key: string, value: unknown, { known, selects }: Reachable): unknown {
  const words = known.fields.find(({ names }) => names.new === key)?.words;
  if (!words || typeof value !== "string") return value;
  const became = words.to.get(value);
  const isMerged = became !== undefined && words.back.get(became) !== value;
  return became === undefined || (isMerged && selects.has(key)) ? value : became;
}

/** What a new record is where nothing says what it is. */
const AT_FIRST: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  users: {},
  stacks: { mode: "easy", status: "draft" },
  nodes: { role: "foundation", status: "pending" },
  jobs: { type: "update", state: "pending", max_attempts: 3 },
};
/** PocketBase fills them itself, and takes them from nobody. */
const GUARDED = new Set(["issuer", "subject", "mail", "role"]);
const isTime = (column: string): boolean => column.endsWith("_at") || column === "run_after";

/**
 * Fields that the old Stack did not have and that a write needs. Fields that it had are left to the client, whose old
 * rules may ask which of them it sent.
 * @param said what the client sent, by the names that PocketBase has now.
 */
export function completion(kind: Kind, said: Body, { collection, added }: Reachable, now = new Date()): Body {
  const time = now.toISOString().replace("T", " ");
  if (kind === "update") return added.has("updated_at") ? { updated_at: time } : {};
  const fills = FILLS[collection].map(({ column, from = [] }) => {
    const source = from.map((name) => said[name]).find((value) => typeof value === "string" && value !== "");
    return [column, isTime(column) ? time : source] as const;
  });
  const all = [...Object.entries(AT_FIRST[collection] ?? {}), ...fills];
  const isGuarded = (column: string) => collection === "users" && GUARDED.has(column);
  const missing = all.filter(
    ([column, value]) => added.has(column) && value !== undefined && !isGuarded(column) && !(column in said),
  );
  return Object.fromEntries(missing);
}

/** A record as PocketBase takes it now. */
export function newBody(kind: Kind, body: Body, of: Reachable): Body {
  const entries = Object.entries(body).map(([key, value]) => {
    const name = newKey(key, of);
    return [name, newValue(name, value, of)] as const;
  });
  const said = Object.fromEntries(entries.filter(([name]) => !of.added.has(name)));
  return { ...said, ...completion(kind, said, of) };
}
