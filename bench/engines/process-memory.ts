import { readFile } from "node:fs/promises";

/** Memory of a process that no other shares, in bytes (RssAnon, proc(5)); NaN where there is no /proc. */
export async function privateMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const match = /^RssAnon:\s+(\d+) kB$/m.exec(status);
  return match ? Number(match[1]) * 1024 : Number.NaN;
}
