import { findPocketBase } from "@kombify/embedded-pocketbase";
import type { Settings } from "./settings.ts";

const TIMEOUT_MS = 5_000;

async function checkRemote(url: string, identity: string, password: string): Promise<void> {
  const answer = await fetch(`${url}/api/collections/_superusers/auth-with-password`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ identity, password }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => null);
  if (answer?.ok) return;
  if (answer?.status === 400)
    throw new Error(
      `PocketBase at ${url} refused the superuser: check POCKETBASE_SUPERUSER_EMAIL and POCKETBASE_SUPERUSER_PASSWORD.`,
    );
  throw new Error(
    `At ${url} (POCKETBASE_URL) nothing answers as PocketBase 0.39 or newer does. Start it, or leave POCKETBASE_URL out and kombify runs one of its own.`,
  );
}

/**
 * Makes sure that the PocketBase of the local Stack can be had before everything else is started, building or fetching
 * one where that is needed. Does nothing for another engine.
 * @throws Error saying every way to get one, or what is wrong with the one that is given.
 */
export async function checkPocketBase({ stackEnvironment }: Settings, say: (line: string) => void): Promise<void> {
  const { POCKETBASE_URL, POCKETBASE_SUPERUSER_EMAIL, POCKETBASE_SUPERUSER_PASSWORD } = stackEnvironment;
  if (POCKETBASE_URL)
    return checkRemote(POCKETBASE_URL, POCKETBASE_SUPERUSER_EMAIL ?? "", POCKETBASE_SUPERUSER_PASSWORD ?? "");
  await findPocketBase({ env: { ...process.env, ...stackEnvironment }, say });
}
