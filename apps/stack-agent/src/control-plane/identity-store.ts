/**
 * Who this agent is: its private key, its certificate, and the CAs that it trusts. Each renewal writes a folder of its
 * own and then renames one small file that points to it, so that a crash leaves the old identity or the new one and
 * never a key without its certificate.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { engineSchema } from "@kombify/agent-contract";
import { z } from "zod";

/** How the operator set the agent up when it joined; `start` goes on with it. */
export const settingsSchema = z.object({
  /** Homes that joined before there was a choice have PostgreSQL. */
  engine: engineSchema.default("postgres"),
  port: z.number().int(),
  internalPort: z.number().int(),
  publicUrl: z.url(),
  internalUrl: z.url(),
  capacity: z.number().int(),
});
export type Settings = z.infer<typeof settingsSchema>;

export type Identity = {
  instanceId: string;
  /** Origin of the control plane's agent listener. */
  controlPlaneUrl: string;
  /** PEM. */
  key: string;
  certificate: string;
  caBundle: string[];
};

export type StoredIdentity = { identity: Identity; settings: Settings; joinTokenHash: string };

const pointerSchema = z.object({
  instanceId: z.uuid(),
  controlPlaneUrl: z.url(),
  folder: z.string().regex(/^identity-[0-9a-f-]{36}$/),
  joinTokenHash: z.string(),
  settings: settingsSchema,
});

const POINTER = "identity.json";

/** Join tokens are remembered only as hashes: enough to see that a command was pasted a second time. */
export const hashJoinToken = (token: string): string => createHash("sha256").update(token).digest("hex");

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The agent's identity; null when this home has not joined yet. */
export async function loadIdentity(home: string): Promise<StoredIdentity | null> {
  const text = await readFile(join(home, POINTER), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  const { folder, joinTokenHash, settings, instanceId, controlPlaneUrl } = pointerSchema.parse(JSON.parse(text));
  const read = (file: string) => readFile(join(home, folder, file), "utf8");
  const [key, certificate, ca] = await Promise.all([read("key.pem"), read("certificate.pem"), read("ca.pem")]);
  const caBundle = ca.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return { identity: { instanceId, controlPlaneUrl, key, certificate, caBundle }, settings, joinTokenHash };
}

/** Replaces the stored identity in one step. */
export async function saveIdentity(home: string, stored: StoredIdentity): Promise<void> {
  const { identity, settings, joinTokenHash } = stored;
  const folder = `identity-${randomUUID()}`;
  await mkdir(join(home, folder), { recursive: true, mode: 0o700 });
  await writeDurably(join(home, folder, "key.pem"), identity.key);
  await writeDurably(join(home, folder, "certificate.pem"), identity.certificate);
  await writeDurably(join(home, folder, "ca.pem"), identity.caBundle.join("\n"));
  const { instanceId, controlPlaneUrl } = identity;
  const pointer = JSON.stringify({ instanceId, controlPlaneUrl, folder, joinTokenHash, settings }, null, 2);
  await writeDurably(join(home, `${POINTER}.new`), pointer);
  await rename(join(home, `${POINTER}.new`), join(home, POINTER));
  const old = (await readdir(home)).filter((name) => name.startsWith("identity-") && name !== folder);
  for (const name of old) await rm(join(home, name), { recursive: true });
}
