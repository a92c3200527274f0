/** Processes of this machine by their parents and command lines, for stopping single ones and for finding what stayed. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { until } from "./until.ts";

const run = promisify(execFile);

export type Process = { pid: number; parent: number; command: string };

/** Every living process. One that has ended and whose parent has not looked yet is not living. */
export async function listProcesses(): Promise<Process[]> {
  const { stdout } = await run("ps", ["-A", "-ww", "-o", "pid=,ppid=,stat=,args="], { maxBuffer: 16 * 1024 * 1024 });
  const lines = stdout.split("\n").map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line));
  return lines.flatMap((match) =>
    match && !match[3]!.startsWith("Z")
      ? [{ pid: Number(match[1]), parent: Number(match[2]), command: match[4]! }]
      : [],
  );
}

/** The children, grandchildren and so on of a process, without itself. */
export async function descendantsOf(pid: number): Promise<Process[]> {
  const all = await listProcesses();
  const found: Process[] = [];
  const parents = [pid];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const child of all.filter((each) => each.parent === parent)) {
      found.push(child);
      parents.push(child.pid);
    }
  }
  return found;
}

export async function isLiving(pid: number): Promise<boolean> {
  return (await listProcesses()).some((each) => each.pid === pid);
}

/** Waits until none of these processes lives. @throws Error naming those that do after the time. */
export async function waitUntilGone(pids: readonly number[], timeoutMs = 40_000): Promise<void> {
  await until(
    `processes ${pids.join(", ")} have ended`,
    async () => !(await listProcesses()).some(({ pid }) => pids.includes(pid)),
    timeoutMs,
  );
}
