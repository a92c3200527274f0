/** The way from a single-tenant Stack to a tenant, step by step. Each may be repeated, and leaves alone what it has done. */

import { COLLECTIONS, ServiceError } from "@kombify/agent-contract";
import { CURRENT_DEFINITION } from "../engine/collections.ts";
import type { Client, PocketBaseCollection } from "../engine/pocketbase/client.ts";
import { tableOf } from "../engine/pocketbase/namespace-collections.ts";
import { createNamespaces } from "../engine/pocketbase/namespaces.ts";
import { createPendingFiles } from "../engine/pocketbase/pending-files.ts";
import { createSchemaLine } from "../engine/pocketbase/schema-line.ts";
import { prepareSharedCollections, sharedNames } from "../engine/pocketbase/shared-collections.ts";
import { createSharedStore } from "../engine/pocketbase/shared-store.ts";
import { createStoredFiles } from "../engine/pocketbase/stored-files.ts";
import { createTransfer } from "../engine/pocketbase/transfer.ts";
import type { Collection } from "../engine/records.ts";
import { DEFAULT_SLUG, dictionaryOf, type Four, fourOf, localTenant, othersOf } from "../legacy/four.ts";
import { cutover } from "./cutover.ts";
import { importAll } from "./import-all.ts";
import { isThere } from "./is-there.ts";
import type { Journal } from "./journal.ts";
import { changedIds, digestsOf } from "./legacy-sums.ts";
import type { Survey } from "./survey.ts";
import { fillStatements } from "./values.ts";

/** The old Stack as the journal remembers it. */
export type Remembered = Survey & { entries: Array<[Collection, PocketBaseCollection]> };

export type StepContext = { client: Client; journal: Journal; tenantId: string; old: Remembered };
export type Step = {
  name: string;
  /** What it does, for the operator. */
  title: string;
  /** @returns what was done, with counts. */
  run(context: StepContext): Promise<string>;
};

/** @param originals collections as they were before the migration. */
export function remembered(originals: PocketBaseCollection[]): Remembered {
  const four: Four = fourOf(originals);
  const others = othersOf(originals, four, []);
  const entries = COLLECTIONS.flatMap((collection): Remembered["entries"] => {
    const has = four[collection];
    return has ? [[collection, has]] : [];
  });
  return { collections: originals, four, others, names: dictionaryOf(four, others), entries };
}

/** What the engine is made of. */
function partsOf(client: Client) {
  const line = createSchemaLine(client);
  const stored = createStoredFiles(client, line);
  return { line, stored, pending: createPendingFiles(client, stored) };
}

const CLOSED = { listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null };
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** Columns that the old Stack had, by the names that they have now. */
const theirsOf = ({ names }: Remembered, { id }: PocketBaseCollection): Set<string> =>
  new Set(names.byId(id)?.fields.map((field) => field.names.new));

async function tellChanges({ client, journal, old }: StepContext): Promise<string> {
  let count = 0;
  const changed: string[] = [];
  for (const [collection, has] of old.entries) {
    const known = old.names.byId(has.id);
    const { digests } = await journal.entry(has.id);
    if (!known || !digests) throw new ServiceError("PRECONDITION", `The journal has lost what ${collection} held.`);
    const now = await digestsOf(client, has, known);
    count += Object.keys(digests).length;
    changed.push(...changedIds(digests, now).map((id) => `${collection}/${id}`));
    changed.push(
      ...Object.keys(now)
        .filter((id) => !(id in digests))
        .map((id) => `${collection}/${id}`),
    );
  }
  if (changed.length > 0)
    throw new ServiceError(
      "PRECONDITION",
      `${plural(changed.length, "record")} changed while the Stack was closed: ${changed.slice(0, 5).join(", ")}. A program with the superuser's rights still writes. Stop it, go back with --down, and begin again.`,
    );
  return `${count} records are what they were`;
}

export const UP: readonly Step[] = [
  {
    name: "prepare",
    title: "make the agent's own collections",
    async run({ client }) {
      await client.connect();
      await prepareSharedCollections(client);
      return plural(sharedNames.length, "collection");
    },
  },
  {
    name: "tenant",
    title: "make the tenant, not open yet",
    async run({ client, tenantId }) {
      await createSharedStore(client).saveTenant(localTenant(tenantId), "creating");
      return `${DEFAULT_SLUG}, ${tenantId}`;
    },
  },
  {
    name: "close",
    title: "close the Stack for its clients",
    async run({ client, old }) {
      const open = await client.collections();
      const still = old.entries.filter(([collection]) => open.some(({ name }) => name === old.four[collection]?.name));
      if (still.length > 0) await client.importCollections(still.map(([, { id }]) => ({ id, ...CLOSED })));
      return plural(old.entries.length, "collection");
    },
  },
  {
    name: "count",
    title: "note what every record holds",
    async run({ client, journal, old }) {
      let count = 0;
      for (const [, has] of old.entries) {
        const known = old.names.byId(has.id);
        const digests = known ? await digestsOf(client, has, known) : {};
        await journal.saveEntry(has.id, { original: has, digests });
        count += Object.keys(digests).length;
      }
      return plural(count, "record");
    },
  },
  {
    name: "rename",
    title: "rename the collections, rewrite rules, indexes and views, add fields",
    async run({ client, old }) {
      const isDone = await isThere(client, tableOf("users", DEFAULT_SLUG));
      const changes = cutover(old);
      if (!isDone)
        await importAll(
          client,
          changes.map(({ change }) => change),
        );
      return plural(changes.length, "collection");
    },
  },
  {
    name: "fill",
    title: "fill the new fields",
    async run({ client, old }) {
      let count = 0;
      for (const [collection, has] of old.entries)
        for (const statement of fillStatements(collection, tableOf(collection, DEFAULT_SLUG), theirsOf(old, has)))
          count += await client.run(statement);
      return plural(count, "value");
    },
  },
  {
    name: "complete",
    title: "add the tenant's own indexes",
    async run({ client }) {
      const { line, pending } = partsOf(client);
      await createNamespaces(client, CURRENT_DEFINITION, line, pending).upgradeNamespace(DEFAULT_SLUG);
      return `version ${CURRENT_DEFINITION.version}`;
    },
  },
  { name: "compare", title: "compare every record with what it was", run: tellChanges },
  {
    name: "files",
    title: "look at every file",
    async run({ client }) {
      let count = 0;
      let bytes = 0;
      const { stored, pending } = partsOf(client);
      for await (const { size } of createTransfer(client, DEFAULT_SLUG, stored, pending).files()) {
        count += 1;
        bytes += size;
      }
      return `${plural(count, "file")}, ${Math.ceil(bytes / 1024)} KiB`;
    },
  },
  {
    name: "open",
    title: "open the tenant",
    async run({ client, tenantId }) {
      await createSharedStore(client).setTenantState(tenantId, "ready", null);
      return DEFAULT_SLUG;
    },
  },
];
