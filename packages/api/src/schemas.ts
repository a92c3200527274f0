/** The schemas that browsers use in forms and pages: Zod only, nothing of the server. */
export * from "./audit/schemas.ts";
export * from "./fleet/schemas.ts";
export * from "./identity/schemas.ts";
export * from "./instances/schemas.ts";
export * from "./mail/schemas.ts";
export * from "./tenants/schemas.ts";
export { slugFromName } from "./tenants/slug.ts";
export * from "./tenants/team-schemas.ts";
