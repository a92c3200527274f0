/** What the agent's own fields hold for old rows, in PostgreSQL's words; the tables of words are those of ../values.ts. */
import { CURRENT_DEFINITION, type Field } from "../../engine/collections.ts";
import { COLUMN_TYPES } from "../../engine/postgres/namespace-ddl.ts";
import type { Collection } from "../../engine/records.ts";
import { LOCAL_ISSUER, OLD_ROLE } from "../../legacy/four.ts";
import { TRANSLATIONS } from "../../legacy/words.ts";
import { isUnknown, translated } from "../values.ts";

/** `from`: columns of an old Stack that say the same. `otherwise`: SQL for what none of them says. */
type Fill = { column: string; from?: readonly string[]; otherwise: string };
const times: Fill[] = [
  { column: "created_at", from: ["created"], otherwise: "now()" },
  { column: "updated_at", from: ["updated", "created_at", "created"], otherwise: "now()" },
];
const FILLS: Record<Collection, readonly Fill[]> = {
  users: [
    { column: "issuer", otherwise: `'${LOCAL_ISSUER}'` },
    { column: "subject", otherwise: "id::text" },
    { column: "role", otherwise: "'member'" },
    { column: "name", from: ["display_name", "username"], otherwise: "''" },
    { column: "email", otherwise: "''" },
    ...times,
    { column: "last_seen_at", from: ["updated_at", "updated"], otherwise: "now()" },
  ],
  stacks: [
    { column: "name", from: ["title"], otherwise: "'Stack ' || id" },
    { column: "description", otherwise: "''" },
    { column: "mode", otherwise: "'easy'" },
    { column: "status", otherwise: "'draft'" },
    { column: "services", otherwise: "'[]'" },
    { column: "config", otherwise: "'{}'" },
    { column: "created_by", from: ["owner", "owner_id", "user_id"], otherwise: "null" },
    ...times,
  ],
  nodes: [
    { column: "name", from: ["hostname"], otherwise: "'node ' || id" },
    { column: "role", otherwise: "'foundation'" },
    { column: "status", otherwise: "'pending'" },
    { column: "address", from: ["ip", "host"], otherwise: "''" },
    { column: "metadata", otherwise: "'{}'" },
    ...times,
  ],
  jobs: [
    { column: "type", otherwise: "'update'" },
    { column: "state", otherwise: "'pending'" },
    ...["target", "step", "message"].map((column) => ({ column, otherwise: "''" })),
    ...["progress", "attempts"].map((column) => ({ column, otherwise: "0" })),
    { column: "max_attempts", otherwise: "3" },
    { column: "logs", otherwise: "'[]'" },
    ...times.slice(0, 1),
    { column: "run_after", from: ["created_at", "created"], otherwise: "now()" },
    { column: "is_cancel_requested", otherwise: "false" },
  ],
};

const fieldOf = (collection: Collection, column: string): Field | undefined =>
  Object.values<Field>(CURRENT_DEFINITION.collections[collection].fields).find((field) => field.column === column);

/** @param row prefix of columns: `new.` in a trigger. */
function fillOf(
  collection: Collection,
  { column, from = [], otherwise }: Fill,
  theirs: ReadonlySet<string>,
  row = "",
): string {
  const type = (COLUMN_TYPES[fieldOf(collection, column)?.type ?? "text"] ?? "text").replace(/ collate .*/, "");
  const sources = from.filter((name) => theirs.has(name)).map((name) => `${row}"${name}"::${type}`);
  const last = otherwise.replace(/\bid\b/g, `${row}id`);
  return `coalesce(${[...sources, `(${last})::${type}`].join(", ")})`;
}

const sql = (text: string): string => text.replaceAll("`", '"');
const note = (column: string, value: string): string =>
  `extra = extra || jsonb_build_object('before', coalesce(extra->'before', '{}') || jsonb_build_object('${column}', jsonb_build_object('from', "${column}", 'to', ${value})))`;

/** Columns of ours that old rows lack, still empty. */
export const addColumns = (collection: Collection, table: string, theirs: ReadonlySet<string>): string[] =>
  Object.values<Field>(CURRENT_DEFINITION.collections[collection].fields)
    .filter(({ column }) => !theirs.has(column))
    .map(
      ({ column, type }) =>
        `alter table ${table} add column ${column} ${COLUMN_TYPES[type]}${column === "extra" ? " not null default '{}'" : ""}`,
    );

/** Statements that fill and translate, to be carried out in this order. What was another word is noted in `extra`. */
export function fillStatements(collection: Collection, table: string, theirs: ReadonlySet<string>): string[] {
  const roles = TRANSLATIONS.users[0];
  const role =
    collection === "users" && theirs.has(OLD_ROLE) && roles
      ? [
          `update ${table} set role = case when ${OLD_ROLE} in (${roles.known.map((one) => `'${one}'`).join(", ")}) then ${OLD_ROLE} else ${translated(roles, OLD_ROLE)} end where ${OLD_ROLE} is not null`,
        ]
      : [];
  const translations = TRANSLATIONS[collection].flatMap((translation) => {
    const { column } = translation;
    if (!theirs.has(column)) return [];
    const value = translated(translation, `"${column}"`);
    return [sql(`update ${table} set ${note(column, value)}, "${column}" = ${value} where ${isUnknown(translation)}`)];
  });
  const fills = FILLS[collection].map((fill) => {
    const { column } = fill;
    const value = fillOf(collection, fill, theirs);
    const noted = `extra = extra || jsonb_build_object('filled', coalesce(extra->'filled', '{}') || jsonb_build_object('${column}', to_jsonb(${value}))), `;
    return `update ${table} set ${theirs.has(column) ? noted : ""}"${column}" = ${value} where "${column}" is null`;
  });
  const failed = "'failed'";
  const interrupted =
    collection === "jobs"
      ? [
          `update ${table} set ${note("state", failed)}, state = 'failed', error = coalesce(error, 'The Stack became a tenant while this ran. Look at what it did, and start it again.') where state = 'running'`,
        ]
      : [];
  const owner =
    collection === "users"
      ? [
          `update ${table} set role = 'owner' where id = (select id from ${table} order by role <> 'admin', created_at, id limit 1) and not exists (select from ${table} where role = 'owner')`,
        ]
      : [];
  return [...role, ...translations, ...fills, ...owner, ...interrupted];
}

/** Gives columns back what was translated or filled in, unless somebody has changed them since. */
export function restoreStatements(collection: Collection, table: string, theirs: ReadonlySet<string>): string[] {
  const isTheirs = ({ column }: { column: string }) => theirs.has(column);
  const words = TRANSLATIONS[collection]
    .filter(isTheirs)
    .map(
      ({ column }) =>
        `update ${table} set "${column}" = extra#>>'{before,${column},from}' where "${column}" = extra#>>'{before,${column},to}'`,
    );
  const empty = FILLS[collection]
    .filter(isTheirs)
    .flatMap(({ column }) => [
      `alter table ${table} alter column "${column}" drop not null`,
      `update ${table} set "${column}" = null where to_jsonb("${column}") = extra#>'{filled,${column}}'`,
    ]);
  return [...words, ...empty];
}

/** The body of a trigger that completes what old clients write through their views. */
export function completing(collection: Collection, theirs: ReadonlySet<string>): string {
  const fills = FILLS[collection]
    .filter(({ otherwise }) => otherwise !== "null")
    .map(
      (fill) => `new."${fill.column}" := coalesce(new."${fill.column}", ${fillOf(collection, fill, theirs, "new.")});`,
    );
  const words = TRANSLATIONS[collection].map((translation) => {
    const column = `new."${translation.column}"`;
    const value = translated(translation, column);
    const noted = `jsonb_build_object('${translation.column}', jsonb_build_object('from', ${column}, 'to', ${value}))`;
    return `if ${isUnknown({ ...translation, column: "@" }).replace("`@`", column)} then
      new.extra := coalesce(new.extra, '{}') || jsonb_build_object('before', coalesce(new.extra->'before', '{}') || ${noted});
      ${column} := ${value};
    end if;`;
  });
  return ["new.extra := coalesce(new.extra, '{}');", ...words, ...fills].join("\n");
}
