import { beginRun, endRun } from "./shared-system.ts";

/** Vitest calls this before the first journey, and what it returns after the last one. */
export default async function setup(): Promise<() => Promise<void>> {
  await beginRun();
  return endRun;
}
