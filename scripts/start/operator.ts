/** What the set-up and the command line do in the control plane, through its own verbs, as the system. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  type ControlPlane,
  createControlPlane,
  createJoinToken,
  listInstances,
  registerInstance,
  seedStaff,
} from "@kombify/api";
import { createLogger } from "@kombify/server";
import { z } from "zod";
import { addressFiles } from "./database.ts";
import { readIfThere, type Secrets, type Settings, writePrivate } from "./settings.ts";

const STAFF_EMAIL = "operator@kombify.local";
const LOCAL_INSTANCE = "local";

const credentialsSchema = z.object({ staffEmail: z.string(), staffPassword: z.string() });

/** Opens the control plane without serving it. Close it when done. */
export async function openOperator(settings: Settings, secrets: Secrets, databaseUrl: string): Promise<ControlPlane> {
  // Its password may be exchanged meanwhile. Another database than this home's has no file here.
  const file = addressFiles(settings).web;
  const isOfHome = (await readIfThere(file))?.trim() === databaseUrl;
  return createControlPlane({
    databaseUrl,
    databaseUrlFile: isOfHome ? file : undefined,
    encryptionKey: secrets.encryptionKey,
    previousEncryptionKey: secrets.previousEncryptionKey,
    audience: "admin",
    log: createLogger({ name: "operator", level: "silent" }),
    cloudUrl: settings.cloudUrl,
    adminUrl: settings.adminUrl,
    agentApiUrl: settings.agentApiUrl,
    secureCookies: false,
    isOperator: true,
  });
}

/** Where the first staff account's generated credentials are. */
export const credentialsFile = (home: string): string => join(home, "credentials.json");

/**
 * Makes the first staff account with a generated password, once. The password is written down before the account is
 * made, so that a kill in between loses nothing.
 */
export async function seedFirstStaff(controlPlane: ControlPlane, home: string): Promise<void> {
  const file = credentialsFile(home);
  const existing = await readIfThere(file);
  const credentials =
    existing === null
      ? { staffEmail: STAFF_EMAIL, staffPassword: randomBytes(18).toString("base64url") }
      : credentialsSchema.parse(JSON.parse(existing));
  if (existing === null) await writePrivate(file, credentials);
  await seedStaff(controlPlane.asSystem("set-up"), {
    email: credentials.staffEmail,
    password: credentials.staffPassword,
    name: "Operator",
  });
}

/** Whether the control plane has an instance of this id: a home may be older than the database that it now meets. */
export async function isKnownInstance(controlPlane: ControlPlane, id: string): Promise<boolean> {
  const { items } = await listInstances(controlPlane.asSystem("set-up").db, { sort: "name", limit: 200 });
  return items.some((instance) => instance.id === id);
}

/** A join token for the local instance, which is registered when it is not known yet. */
export async function localJoinToken(controlPlane: ControlPlane): Promise<string> {
  const ctx = controlPlane.asSystem("set-up");
  const { items } = await listInstances(ctx.db, { search: LOCAL_INSTANCE, sort: "name", limit: 200 });
  const known = items.find((instance) => instance.name === LOCAL_INSTANCE);
  const view = known
    ? await createJoinToken(ctx, known.id)
    : await registerInstance(ctx, { name: LOCAL_INSTANCE, region: "this machine" });
  return view.joinToken;
}
