import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Binaries } from "./binaries.ts";
import { giveTo, type RunAs } from "./run-as.ts";

/** First part of the version of the binaries; a data folder of another one cannot be opened. */
const MAJOR_VERSION = "18";

async function readIfThere(file: string): Promise<string | null> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

async function runInitdb(binaries: Binaries, runAs: RunAs, args: string[]): Promise<void> {
  const { file, args: whole, ...ids } = runAs.command(binaries.initdb, args);
  // The environment is ours alone: a PGDATA or LC_ALL of the caller must not change the cluster.
  const child = spawn(file, whole, {
    ...ids,
    cwd: "/",
    env: { PATH: process.env.PATH, LC_ALL: "C" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [complaint, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${complaint.trim()}`);
}

async function createCluster(
  dataDir: string,
  passwordFile: string,
  { binaries, runAs, isEphemeral }: { binaries: Binaries; runAs: RunAs; isEphemeral: boolean },
): Promise<string> {
  const password = randomBytes(32).toString("base64url");
  // Built aside and renamed when complete: a creation that was killed leaves nothing that looks like a database.
  const draft = `${dataDir}.new`;
  const draftPassword = `${draft}.password`;
  await Promise.all([draft, draftPassword].map((path) => rm(path, { recursive: true, force: true })));
  await writeFile(draftPassword, password, { mode: 0o600 });
  await mkdir(draft, { mode: 0o700 });
  await giveTo(runAs, draft);
  await giveTo(runAs, draftPassword);
  await runInitdb(binaries, runAs, [
    `--pgdata=${draft}`,
    "--username=postgres",
    `--pwfile=${draftPassword}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    ...(isEphemeral ? ["--no-sync"] : []),
  ]);
  await writeFile(passwordFile, password, { mode: 0o600 });
  await rm(draftPassword);
  await rename(draft, dataDir);
  return password;
}

/**
 * The superuser's password of the data folder, which is created when there is none yet.
 * @throws Error when the folder is of another major version, or when its password file is lost.
 */
export async function openCluster(
  dataDir: string,
  options: { binaries: Binaries; runAs: RunAs; isEphemeral: boolean },
): Promise<string> {
  const passwordFile = `${dataDir}.password`;
  const version = await readIfThere(join(dataDir, "PG_VERSION"));
  if (version === null) return createCluster(dataDir, passwordFile, options);
  if (version !== MAJOR_VERSION)
    throw new Error(
      `${dataDir} was made by PostgreSQL ${version}, and this is ${MAJOR_VERSION}. Move it over with pg_upgrade or pg_dump.`,
    );
  const password = await readIfThere(passwordFile);
  if (!password) throw new Error(`${passwordFile} is missing. Restore it, or remove ${dataDir} to begin anew.`);
  return password;
}
