import { createHash } from "node:crypto";
import { lstat, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ServiceError } from "@kombify/agent-contract";
import { type Listener, listen } from "@kombify/server";

/** The address of a Unix socket has room for 104 bytes on macOS and 108 on Linux, with the NUL at its end (sys/un.h). */
const MAX_ADDRESS_BYTES = 100;

/**
 * Where a running agent listens for commands: in its home, or where the home's path is too long for that, in a folder
 * that only its user has. Agent and command come to the same place on their own.
 */
export function socketOf(home: string): string {
  const near = join(home, "control", "control.sock");
  if (Buffer.byteLength(near) <= MAX_ADDRESS_BYTES) return near;
  const key = createHash("sha256").update(home).digest("hex").slice(0, 16);
  return join("/tmp", `kombify-${process.getuid?.() ?? 0}-${key}`, "control.sock");
}

/** Makes the socket's folder one that nobody else can look into. @throws ServiceError FORBIDDEN when it is another's. */
async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const stat = await lstat(folder);
  if (!stat.isDirectory() || stat.uid !== (process.getuid?.() ?? stat.uid) || (stat.mode & 0o077) !== 0)
    throw new ServiceError("FORBIDDEN", `${folder} is open to others or belongs to somebody else. Remove it.`);
}

/** Listens for commands. The home is this process's own, so a socket that is there was left by a dead one. */
export async function listenForCommands(home: string, fetch: Parameters<typeof listen>[0]["fetch"]): Promise<Listener> {
  const path = socketOf(home);
  await makePrivate(dirname(path));
  await rm(path, { force: true });
  return await listen({ fetch, path });
}
