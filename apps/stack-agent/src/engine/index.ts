/** The engine as measurements outside the agent use it. */
export type { Engine } from "./engine.ts";
export { openPocketBaseEngine } from "./pocketbase/pocketbase-engine.ts";
export { openPostgresEngine } from "./postgres/postgres-engine.ts";
export { provisionDatabase } from "./postgres/provision-database.ts";
