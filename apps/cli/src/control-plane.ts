import { ServiceError } from "@kombify/agent-contract";
import type { ControlPlane } from "@kombify/api";
import { databaseUrls } from "@kombify/db";
import { currentLogins, findDatabase } from "@kombify/scripts/database";
import { openOperator } from "@kombify/scripts/operator";
import { openSecrets, readSettings, type Settings } from "@kombify/scripts/settings";
import postgres from "postgres";

/** A failure that the person at the terminal can understand without a stack trace. */
export class CommandError extends Error {}

/** The verbs' own words, and for an unreachable database what to do. */
function explain(error: unknown): unknown {
  if (error instanceof ServiceError) return new CommandError(error.message);
  if (error instanceof Error && error.message.startsWith("There is no database in"))
    return new CommandError(error.message);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ECONNREFUSED" || code === "CONNECT_TIMEOUT")
    return new CommandError(
      "The control plane's database does not answer. Is kombify running? Start it with `npm start`.",
    );
  return error;
}

/** Asks the database for one answer before anything keeps trying in the background. */
async function requireAnswer(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined });
  try {
    await sql`select 1`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** The settings that kombify was started with. @throws CommandError naming every bad one. */
export function cliSettings(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Lets a command act in the control plane of this machine, and closes it afterwards.
 * @throws CommandError
 */
export async function withControlPlane<T>(work: (controlPlane: ControlPlane) => Promise<T>): Promise<T> {
  try {
    const settings = cliSettings();
    const ownerUrl = await findDatabase(settings);
    const secrets = await openSecrets(settings.home);
    const { web } = databaseUrls(await currentLogins(settings, ownerUrl, secrets));
    await requireAnswer(web);
    const controlPlane = await openOperator(settings, secrets, web);
    try {
      return await work(controlPlane);
    } finally {
      await controlPlane.close();
    }
  } catch (error) {
    throw explain(error);
  }
}
