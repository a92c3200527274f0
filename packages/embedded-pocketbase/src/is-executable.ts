import { access, constants, stat } from "node:fs/promises";

/** Whether there is a file at this path that we may run. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    // Absent, not ours to run, or a broken link: in each case not a program.
    return false;
  }
}
