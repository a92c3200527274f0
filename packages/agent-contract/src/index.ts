export * from "./desired.ts";
export * from "./errors.ts";
export * from "./join.ts";
export * from "./names.ts";
export * from "./report.ts";
export * from "./spiffe.ts";
export * from "./sso.ts";
export * from "./stack.ts";
