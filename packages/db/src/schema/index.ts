export * from "./agents.ts";
export * from "./audit.ts";
export * from "./identity.ts";
export * from "./ids.ts";
export * from "./instances.ts";
export * from "./tenants.ts";
