import { execFile } from "node:child_process";
import { readFile, readlink, realpath } from "node:fs/promises";
import { promisify } from "node:util";

/** Whether a process with this id exists, ours or not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function psField(pid: number, field: string): Promise<string | null> {
  return promisify(execFile)("ps", ["-o", `${field}=`, "-p", String(pid)]).then(
    ({ stdout }) => stdout.trim() || null,
    () => null,
  );
}

/**
 * When a process began, in whatever unit the system has: only equal or not equal means something. Together with the pid
 * it names one process, since pids are used again. Null when there is no such process, or only its remains.
 */
export async function startOf(pid: number): Promise<string | null> {
  if (process.platform !== "linux") return psField(pid, "lstart");
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    // The command, second and in brackets, may hold spaces (proc(5)): state and start time are fields 3 and 22.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const bootId = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
    return fields[0] === "Z" ? null : `${bootId}/${fields[19]}`;
  } catch (error) {
    if (isAlive(pid)) throw error;
    return null;
  }
}

/** Whether this process is a PostgreSQL server of this data folder: a server's working directory is its data folder. */
export async function isServerOf(pid: number, dataDir: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (process.platform !== "linux") return (await psField(pid, "command"))?.includes("postgres") ?? false;
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(dataDir));
  } catch (error) {
    // Gone in between, or of another user and therefore not the one that we started.
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EACCES")) return false;
    throw error;
  }
}
