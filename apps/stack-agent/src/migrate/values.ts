/**
 * What the agent's own fields hold for records that are older than they are. Filled by statements inside of PocketBase's
 * database, only where something is missing: so they can be repeated, and PocketBase notes no change of the record.
 */
import {
  JOB_STATES,
  JOB_TYPES,
  MEMBER_ROLES,
  NODE_ROLES,
  NODE_STATUSES,
  STACK_MODES,
  STACK_STATUSES,
} from "@kombify/agent-contract";
import type { Collection } from "../engine/records.ts";
import { LOCAL_ISSUER } from "../legacy/four.ts";

/** `from`: columns of an old Stack that say the same, the best first. `otherwise`: SQL for what none of them says. */
type Fill = { column: string; from?: readonly string[]; otherwise?: string; unset?: string };
/** Words of old Stacks for the values that we know. */
type Translation = {
  column: string;
  known: readonly string[];
  words: Readonly<Record<string, string>>;
  otherwise: string;
};

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

export const TRANSLATIONS: Record<Collection, readonly Translation[]> = {
  users: [
    {
      column: "role",
      known: MEMBER_ROLES,
      words: { administrator: "admin", superadmin: "owner", readonly: "viewer", guest: "viewer" },
      otherwise: "member",
    },
  ],
  stacks: [
    { column: "mode", known: STACK_MODES, words: { advanced: "techie", expert: "techie" }, otherwise: "easy" },
    {
      column: "status",
      known: STACK_STATUSES,
      words: {
        active: "running",
        deployed: "running",
        deploying: "provisioning",
        failed: "error",
        inactive: "stopped",
      },
      otherwise: "draft",
    },
  ],
  nodes: [
    {
      column: "role",
      known: NODE_ROLES,
      words: { master: "main", server: "main", agent: "worker", control_plane: "control-plane" },
      otherwise: "foundation",
    },
    {
      column: "status",
      known: NODE_STATUSES,
      words: { online: "connected", ready: "connected", approved: "connected", active: "connected" },
      otherwise: "pending",
    },
  ],
  jobs: [
    { column: "type", known: JOB_TYPES, words: { install: "provision", remove: "destroy" }, otherwise: "update" },
    {
      column: "state",
      known: JOB_STATES,
      words: { cancelled: "canceled", queued: "pending", done: "completed", success: "completed", error: "failed" },
      otherwise: "failed",
    },
  ],
};

const list = (values: readonly string[]): string => values.map((value) => `'${value}'`).join(", ");

/** The value that a word of an old Stack becomes, as SQL over a text. */
export function translated({ words, otherwise }: Translation, text: string): string {
  const cases = Object.entries(words).map(([from, to]) => `WHEN '${from}' THEN '${to}'`);
  return `CASE lower(${text}) ${cases.join(" ")} ELSE '${otherwise}' END`;
}

export const isUnknown = ({ column, known }: Translation): string => `\`${column}\` NOT IN (${list(known)})`;

/** The same for a body of a client: values that we do not know become ones that we know. */
export function translateValue({ known, words, otherwise }: Translation, value: unknown): unknown {
  if (typeof value !== "string" || value === "" || known.includes(value)) return value;
  return words[value.toLowerCase()] ?? otherwise;
}

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

/** Somebody has to own the homelab: who administered it, else who came first. */
function owner(table: string, isTheirs: boolean): string {
  const first = `SELECT id FROM \`${table}\` ORDER BY \`role\` <> 'admin', \`created_at\`, id LIMIT 1`;
  const where = `id = (${first}) AND NOT EXISTS (SELECT 1 FROM \`${table}\` WHERE \`role\` = 'owner')`;
  return set(table, "role", "'owner'", where, isTheirs);
}

/** @param theirs columns that the old Stack had. @returns statements, to be carried out in this order. */
export function fillStatements(collection: Collection, table: string, theirs: ReadonlySet<string>): string[] {
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
  return [
    ...fills,
    ...(collection === "users" ? [owner(table, theirs.has("role"))] : []),
    ...translations,
    ...(collection === "jobs" ? interrupted(table, theirs) : []),
  ];
}
