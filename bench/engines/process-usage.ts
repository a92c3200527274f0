/** What other processes use, from /proc (proc(5)). NaN where there is none. */
import { readFile } from "node:fs/promises";

const read = (pid: number, file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");

/** Memory of processes that they share with no other, in bytes. */
export async function privateMemory(pids: readonly number[]): Promise<number> {
  const statuses = await Promise.all(pids.map((pid) => read(pid, "status")));
  const sizes = statuses.map((status) => Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024);
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Milliseconds of processor time in one of the kernel's ticks, which programs are told of in hundredths of a second. */
const TICK_MS = 10;

/** Processor time that processes have used, all their threads together, in milliseconds. */
export async function processorTime(pids: readonly number[]): Promise<number> {
  const stats = await Promise.all(pids.map((pid) => read(pid, "stat")));
  const times = stats.map((stat) => {
    // The name of the program in parentheses may hold spaces; utime and stime are the 12th and 13th after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) * TICK_MS;
  });
  return times.reduce((sum, time) => sum + time, 0);
}
