import { createHash, randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { unzipSync } from "fflate";
import { openCache, POCKETBASE_VERSION } from "./cache-folder.ts";

/** Where PocketBase publishes its releases. */
export const RELEASES = "https://github.com/pocketbase/pocketbase/releases/download";
const ANSWER_TIMEOUT_MS = 10_000;
const DOWNLOAD_TIMEOUT_MS = 5 * 60_000;

const SYSTEMS: Partial<Record<NodeJS.Platform, string>> = { linux: "linux", darwin: "darwin", win32: "windows" };
const PROCESSORS: Record<string, string> = { x64: "amd64", arm64: "arm64", arm: "armv7" };

/** The name of the release for this platform. @throws Error when PocketBase has none for it. */
function archiveName(): string {
  const system = SYSTEMS[process.platform];
  const processor = PROCESSORS[process.arch];
  if (!system || !processor) throw new Error(`PocketBase has no release for ${process.platform}-${process.arch}`);
  return `pocketbase_${POCKETBASE_VERSION}_${system}_${processor}.zip`;
}

async function get(url: string, timeoutMs: number): Promise<Buffer> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    return Buffer.from(await answer.arrayBuffer());
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`${url} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

/** What `checksums.txt` of the release says of our archive. @throws Error when it cannot be read. */
export async function readChecksum(releases: string): Promise<{ url: string; sha256: string }> {
  const name = archiveName();
  const folder = `${releases}/v${POCKETBASE_VERSION}`;
  const lines = (await get(`${folder}/checksums.txt`, ANSWER_TIMEOUT_MS)).toString("utf8").split("\n");
  const sha256 = lines.map((line) => line.trim().split(/\s+\*?/)).find((fields) => fields[1] === name)?.[0];
  if (!sha256 || !/^[0-9a-f]{64}$/.test(sha256)) throw new Error(`${folder}/checksums.txt does not name ${name}`);
  return { url: `${folder}/${name}`, sha256 };
}

/**
 * Downloads the release for this platform and puts its program at `target`; nothing is unpacked before its checksum is
 * found to be the published one.
 * @throws Error when it cannot be read, or is not what its publisher says.
 */
export async function downloadRelease(target: { folder: string; file: string }, releases: string): Promise<void> {
  const { url, sha256 } = await readChecksum(releases);
  const archive = await get(url, DOWNLOAD_TIMEOUT_MS);
  const digest = createHash("sha256").update(archive).digest("hex");
  if (digest !== sha256) throw new Error(`${url} was refused: its SHA-256 is ${digest}, and ${sha256} is published`);
  const program = process.platform === "win32" ? "pocketbase.exe" : "pocketbase";
  const bytes = unzipSync(archive, { filter: (file) => file.name === program })[program];
  if (!bytes) throw new Error(`${url} holds no ${program}`);
  await openCache(target.folder);
  const draft = `${target.file}.${randomUUID()}`;
  try {
    await writeFile(draft, bytes, { mode: 0o755, flush: true });
    await rename(draft, target.file);
  } finally {
    await rm(draft, { force: true });
  }
}
