export { type FindOptions, findPocketBase, foreseePocketBase } from "./find-pocketbase.ts";
export { PocketBaseMissing } from "./missing.ts";
export { type PocketBaseOptions, type PocketBaseServer, startPocketBase } from "./start-pocketbase.ts";
