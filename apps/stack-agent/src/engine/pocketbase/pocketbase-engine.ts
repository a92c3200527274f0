import { CURRENT_DEFINITION, type NamespaceDefinition } from "../collections.ts";
import type { Engine } from "../engine.ts";
import { createClient, type PocketBaseLogin } from "./client.ts";
import { tableOf } from "./namespace-collections.ts";
import { createNamespaceStore } from "./namespace-store.ts";
import { createNamespaces } from "./namespaces.ts";
import { createPendingFiles } from "./pending-files.ts";
import { createReplacing } from "./replacing.ts";
import { createSchemaLine } from "./schema-line.ts";
import { prepareSharedCollections } from "./shared-collections.ts";
import { createSharedStore } from "./shared-store.ts";
import { createStoredFiles } from "./stored-files.ts";
import { createTransfer } from "./transfer.ts";
import { createWriter } from "./write.ts";

export type PocketBaseEngineOptions = {
  /** Asked again after every restart of PocketBase, which may come back with another port. */
  login: PocketBaseLogin;
  /** For reports; PocketBase itself does not say which version it is. */
  version?: string;
  /** What namespaces consist of; what this agent defines unless a test says otherwise. */
  definition?: NamespaceDefinition;
};

/**
 * The PocketBase engine: real collections `{collection}_{slug}`, written by the superuser through the Web API, with rules
 * that admit to PocketBase's own API nobody but the tenant's people.
 * @throws ServiceError PRECONDITION when PocketBase is too old or the superuser's password is wrong, UPSTREAM when it
 * does not answer.
 */
export async function openPocketBaseEngine(options: PocketBaseEngineOptions): Promise<Engine> {
  const { definition = CURRENT_DEFINITION } = options;
  const client = createClient(options.login);
  await client.connect();
  await prepareSharedCollections(client);
  const writer = createWriter(client);
  const line = createSchemaLine(client);
  const stored = createStoredFiles(client, line);
  const pending = createPendingFiles(client, stored);
  const namespaces = createNamespaces(client, definition, line, pending);
  const { removeAway, replaceNamespace } = createReplacing(client, line, pending);
  await removeAway();
  await pending.settle(await namespaces.listNamespaces());
  return {
    kind: "pocketbase",
    version: options.version ?? "PocketBase",
    namespaceVersion: definition.version,
    shared: createSharedStore(client),
    check: async () => {
      await client.pb.health.check();
    },
    ...namespaces,
    replaceNamespace,
    namespace: (tenant) => createNamespaceStore(client, writer, tenant),
    transfer: (slug) => createTransfer(client, slug, stored, pending),
    issueToken: async ({ slug }, userId, ttlSeconds) => {
      const person = await client.pb.collection(tableOf("users", slug)).impersonate(userId, ttlSeconds);
      return person.authStore.token;
    },
    close: async () => client.pb.authStore.clear(),
  };
}
