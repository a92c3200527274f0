/** Our own words for what PocketBase refused. */
import { ServiceError } from "@kombify/agent-contract";
import type { Collection } from "../records.ts";
import type { BatchRefused, BatchRequest } from "./client.ts";
import type { Reader } from "./reads.ts";

const NOUNS: Record<Collection, string> = { users: "person", stacks: "stack", nodes: "node", jobs: "job" };

export const noSuch = (collection: Collection): ServiceError =>
  new ServiceError("NOT_FOUND", `There is no such ${NOUNS[collection]}.`);

function nameTaken(collection: Collection, cause?: unknown): ServiceError {
  const message = `Another ${collection === "nodes" ? "node of this stack" : "stack"} has this name. Choose another one.`;
  return new ServiceError("CONFLICT", message, { cause, fields: [{ path: "name", message }] });
}

type Change = { request: BatchRequest; collection: Collection };

/** What a refused request of a write means. */
export function refusalOf(error: BatchRefused, change: Change | undefined): unknown {
  const { status, fields } = error.refusal;
  if (!change) return error;
  const { collection, request } = change;
  const codes = Object.entries(fields).map(([field, { code }]) => ({ field, code }));
  const isTaken = codes.some(({ field, code }) => code === "validation_not_unique" && field === "name");
  if (isTaken) return nameTaken(collection, error);
  if (codes.some(({ code }) => code === "validation_not_unique" || code === "validation_pk_invalid"))
    return new ServiceError("CONFLICT", "There is such a record already.", { cause: error });
  if (codes.some(({ code }) => code === "validation_missing_rel_records"))
    return new ServiceError("NOT_FOUND", "There is no such stack.", { cause: error });
  if (status === 404)
    return /collection/i.test(error.refusal.message)
      ? new ServiceError("NOT_FOUND", "This homelab is not on this host any more.", { cause: error })
      : noSuch(collection);
  if (request.method === "DELETE" && status === 400)
    return new ServiceError("CONFLICT", `Something still belongs to this ${NOUNS[collection]}.`, { cause: error });
  const [first] = codes;
  if (!first) return error;
  const message = `PocketBase does not take the ${first.field} of this ${NOUNS[collection]} (${first.code}).`;
  return new ServiceError("INVALID", message, { cause: error, fields: [{ path: first.field, message }] });
}

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/**
 * SQLite knows upper and lower case of ASCII only, so names with other letters are compared here before they are sent.
 * @throws ServiceError CONFLICT when another live stack, or another node of the stack, has the name.
 */
export async function conflictOf(reader: Reader, changes: readonly Change[]): Promise<void> {
  for (const { collection, request } of changes) {
    const { name } = request.body ?? {};
    if ((collection !== "stacks" && collection !== "nodes") || typeof name !== "string" || isAscii(name)) continue;
    const id = String(request.body?.id ?? request.url.split("/").at(-1));
    const stackId =
      collection === "nodes" ? String(request.body?.stack_id ?? (await reader.get("nodes", id))?.stackId) : null;
    const others: Array<{ id: string; name: string }> = stackId
      ? await reader.all("nodes", { stackId })
      : await reader.all("stacks", { deletedAt: null });
    const isTaken = others.some((other) => other.id !== id && other.name.toLowerCase() === name.toLowerCase());
    if (isTaken) throw nameTaken(collection);
  }
}
