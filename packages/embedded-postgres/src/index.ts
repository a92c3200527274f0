export { createDatabase, databaseExists } from "./databases.ts";
export { type EmbeddedPostgres, type PostgresOptions, startPostgres } from "./start-postgres.ts";
