import { ServiceError } from "@kombify/agent-contract";
import type { ControlPlane } from "@kombify/api";
import { databaseUrls } from "@kombify/db";
import { findDatabase } from "@kombify/scripts/database";
import { openOperator } from "@kombify/scripts/operator";
import { openSecrets, readSettings } from "@kombify/scripts/settings";

/** A failure that the person at the terminal can understand without a stack trace. */
export class CommandError extends Error {}

/** The verbs' own words, and for an unreachable database what to do. */
function explain(error: unknown): unknown {
  if (error instanceof ServiceError) return new CommandError(error.message);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ECONNREFUSED" || code === "CONNECT_TIMEOUT")
    return new CommandError(
      "The control plane's database does not answer. Is kombify running? Start it with `npm start`.",
    );
  return error;
}

/**
 * Lets a command act in the control plane of this machine, and closes it afterwards.
 * @throws CommandError
 */
export async function withControlPlane<T>(work: (controlPlane: ControlPlane) => Promise<T>): Promise<T> {
  try {
    const settings = readSettings(process.env);
    const ownerUrl = await findDatabase(settings);
    const secrets = await openSecrets(settings.home);
    const { web } = databaseUrls({ ownerUrl, ...secrets });
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
