/** The engine as measurements outside the agent use it. */
export { openPostgresEngine } from "./postgres-engine.ts";
export { provisionDatabase } from "./provision-database.ts";
