/** The shared collections on PocketBase. Only the superuser sees them. */
import { FLAGS_BODY_LIMIT } from "@kombify/agent-contract";
import type { Client, PocketBaseCollection, PocketBaseField } from "./client.ts";
import { quote } from "./filters.ts";
import { idField, MAX_FILE } from "./namespace-collections.ts";
import { PENDING_FILES } from "./pending-files.ts";

const text = (name: string): PocketBaseField => ({ name, type: "text", max: 100_000 });
const whole = (name: string): PocketBaseField => ({ name, type: "number", onlyInt: true });
const time = (name: string): PocketBaseField => ({ name, type: "date" });
/** A record's id is what must be there once only: a hash, a UUID, a slug. */
const anyId: PocketBaseField = {
  ...idField,
  pattern: "^[a-z0-9_-]+$",
  min: 1,
  max: 100,
  autogeneratePattern: "[a-z0-9]{15}",
};
const NOBODY = { listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null };

const collection = (name: string, fields: PocketBaseField[], indexes: string[] = []): PocketBaseCollection => ({
  id: `kombify${name}`,
  name,
  type: "base",
  fields: [anyId, ...fields],
  indexes,
  ...NOBODY,
});

/** All documents of a host with some hundred tenants are far smaller; bytes. */
const MAX_DOCUMENT = 64 * 1024 * 1024;

/** Characters of the flags of one tenant, which come in a body of at most 4 MiB. */
const MAX_FLAGS = FLAGS_BODY_LIMIT;

const SHARED: readonly PocketBaseCollection[] = [
  collection(
    "_tenants",
    [
      ...["slug", "org_id", "name", "plan", "state", "error"].map(text),
      whole("generation"),
      whole("namespace_version"),
      time("updated_at"),
    ],
    ["CREATE UNIQUE INDEX `_tenants_slug` ON `_tenants` (`slug`)"],
  ),
  collection(
    "_sso_mappings",
    [text("org_id"), text("tenant_id")],
    [
      "CREATE UNIQUE INDEX `_sso_mappings_both` ON `_sso_mappings` (`org_id`, `tenant_id`)",
      "CREATE INDEX `_sso_mappings_tenant` ON `_sso_mappings` (`tenant_id`)",
    ],
  ),
  collection(
    "_sessions",
    [
      ...["kind", "tenant_id", "user_id", "email", "name", "role", "subject", "sid"].map(text),
      whole("generation"),
      time("issued_at"),
      time("expires_at"),
    ],
    [
      "CREATE INDEX `_sessions_subject` ON `_sessions` (`tenant_id`, `subject`)",
      "CREATE INDEX `_sessions_user` ON `_sessions` (`tenant_id`, `user_id`)",
      "CREATE INDEX `_sessions_expiry` ON `_sessions` (`expires_at`)",
    ],
  ),
  collection("_applied", [
    { name: "document", type: "json", maxSize: MAX_DOCUMENT },
    whole("applied_revision"),
    time("contacted_at"),
  ]),
  collection("_feature_flags", [
    text("kind"),
    ...["flags", "current", "previous", "older"].map(
      (name): PocketBaseField => ({ name, type: "text", max: MAX_FLAGS }),
    ),
  ]),
  collection(PENDING_FILES, [
    ...["slug", "target", "collection", "record_id", "field", "name"].map(text),
    { name: "file", type: "file", maxSelect: 1, maxSize: MAX_FILE, protected: true },
  ]),
  /** One per namespace: whoever writes exchanges it, see write.ts. Its id is the baton, `slug` whose it is. */
  collection("_batons", [text("slug")], ["CREATE UNIQUE INDEX `_batons_slug` ON `_batons` (`slug`)"]),
];

/** What the shared collections are called. */
export const sharedNames: readonly string[] = SHARED.map(({ name }) => name);

/** Creates the shared collections that are missing, and fields and indexes that an older agent did not have. */
export async function prepareSharedCollections(client: Client): Promise<void> {
  const names = SHARED.map(({ name }) => `name = ${quote(name)}`).join(" || ");
  const known = new Map((await client.collections(names)).map((existing) => [existing.name, existing]));
  const changed = SHARED.flatMap((wanted) => {
    const has = known.get(wanted.name);
    if (!has) return [wanted];
    const missing = wanted.fields.filter((field) => !has.fields.some(({ name }) => name === field.name));
    const isSame = missing.length === 0 && has.indexes.length >= wanted.indexes.length;
    return isSame ? [] : [{ ...wanted, id: has.id, fields: [...has.fields, ...missing] }];
  });
  if (changed.length > 0) await client.importCollections(changed);
}
