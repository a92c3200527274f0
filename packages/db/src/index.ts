export { followAddress, readAddress, writeAddress } from "./address-file.ts";
export {
  type Change,
  type Database,
  notifyChange,
  openDatabase,
  type Scope,
  type ScopedDatabase,
  type Transaction,
} from "./database.ts";
export { type LogInRole, twinOf, WEB_LOGINS, WORKER_LOGINS, withLogin } from "./logins.ts";
export { type DatabaseUrls, databaseUrls, MIGRATIONS_FOLDER, type MigrateOptions, migrate } from "./migrate.ts";
export { enqueueJob } from "./queue.ts";
export * from "./schema/ids.ts";
export { scramVerifier } from "./scram-verifier.ts";
