import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { takeOwnership } from "@kombify/embedded-postgres";
import { readIfThere, type Settings, writePrivate } from "./settings.ts";

const readyFile = (home: string): string => join(home, "ready.json");

async function whereItRuns(home: string): Promise<string> {
  const text = await readIfThere(readyFile(home));
  if (text === null) return "";
  const { cloudUrl, adminUrl, stackUrl } = JSON.parse(text);
  return `\n  Cloud  ${cloudUrl}\n  Admin  ${adminUrl}\n  Stack  ${stackUrl}`;
}

/**
 * Makes this process the only one that runs kombify in a home.
 * @returns a function that gives the home back.
 * @throws Error saying that it runs already, with its process and addresses.
 */
export async function takeHome(home: string): Promise<() => Promise<void>> {
  await mkdir(home, { recursive: true, mode: 0o755 });
  const where = await whereItRuns(home);
  const release = await takeOwnership(
    join(home, "kombify"),
    (_folder, pid) =>
      `kombify already runs in ${home} (process ${pid}).${where}\nStop it with Ctrl-C or kill ${pid}, or set another KOMBIFY_HOME and other ports.`,
  );
  // What an earlier run that was killed left behind: nothing is ready yet.
  await rm(readyFile(home), { force: true });
  return async () => {
    await rm(readyFile(home), { force: true });
    await release();
  };
}

/** Tells other programs that everything answers, and where. */
export async function writeReady({
  home,
  cloudUrl,
  adminUrl,
  stackUrl,
  idpUrl,
  oidcProviders,
}: Settings): Promise<void> {
  await writePrivate(readyFile(home), {
    cloudUrl,
    adminUrl,
    stackUrl,
    ...(oidcProviders ? {} : { idpUrl }),
    pid: process.pid,
  });
}
