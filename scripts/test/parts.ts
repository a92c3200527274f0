/** What the whole run stands on. */
import startDatabase from "./database.ts";
import ensurePocketBase from "./pocketbase.ts";

/** Vitest calls this before the first test, and what it returns after the last one. */
export default async function setup(): Promise<() => Promise<void>> {
  await ensurePocketBase();
  return startDatabase();
}
