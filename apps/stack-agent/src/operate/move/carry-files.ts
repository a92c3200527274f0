import { type StoredFile, type Sum, sumOfFiles } from "../../engine/transfer.ts";
import type { CatchUpOptions } from "./catch-up.ts";

/** Files are the same when they hold the same in the same place: the engines may call them differently. */
export async function carryFiles({ from, to, memory, signal }: CatchUpOptions) {
  const there = new Map<string, StoredFile[]>();
  for await (const file of to.files()) {
    const entry = await memory.entry(to, file);
    there.set(entry, [...(there.get(entry) ?? []), file]);
  }
  const entries: string[] = [];
  const missing: StoredFile[] = [];
  for await (const file of from.files()) {
    const entry = await memory.entry(from, file);
    entries.push(entry);
    if (!there.get(entry)?.pop()) missing.push(file);
  }
  // First out, then in: a field may have room for one file only.
  const surplus = [...there.values()].flat();
  for (const file of surplus) await to.removeFile(file);
  for (const { collection, recordId, field, name } of missing) {
    signal.throwIfAborted();
    const file = { collection, recordId, field, name };
    await to.putFile(file, await from.readFile(file));
  }
  const sum = sumOfFiles(entries);
  const changed = surplus.length + missing.length;
  const sumThere: Sum = changed === 0 ? sum : await sumOfTarget({ to, memory });
  return { sum, changed, isSame: sum.digest === sumThere.digest };
}

async function sumOfTarget({ to, memory }: Pick<CatchUpOptions, "to" | "memory">): Promise<Sum> {
  const entries: string[] = [];
  for await (const file of to.files()) entries.push(await memory.entry(to, file));
  return sumOfFiles(entries);
}
