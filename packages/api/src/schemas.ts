/** The schemas that browsers use in forms and pages: Zod only, nothing of the server. */
export * from "./agents/schemas.ts";
export * from "./audit/schemas.ts";
export * from "./flags/schemas.ts";
export * from "./fleet/schemas.ts";
export * from "./identity/schemas.ts";
export * from "./identity/token-schemas.ts";
export * from "./instances/schemas.ts";
export * from "./mail/schemas.ts";
export * from "./rotations/schemas.ts";
export * from "./tenants/schemas.ts";
export { slugFromName } from "./tenants/slug.ts";
export * from "./tenants/team-schemas.ts";
export * from "./webhooks/schemas.ts";
