export { createDatabase, databaseExists } from "./databases.ts";
export { findServer } from "./find-server.ts";
export { choosePort } from "./free-port.ts";
export { takeOwnership } from "./owner-lock.ts";
export { startOf as processStart } from "./process-identity.ts";
export { type EmbeddedPostgres, type PostgresOptions, startPostgres } from "./start-postgres.ts";
