/** Our own words for what PocketBase refused. */
import { ServiceError } from "@kombify/agent-contract";
import type { Collection } from "../records.ts";
import type { BatchRefused, BatchRequest } from "./client.ts";

const NOUNS: Record<Collection, string> = { users: "person", stacks: "stack", nodes: "node", jobs: "job" };

export const noSuch = (collection: Collection): ServiceError =>
  new ServiceError("NOT_FOUND", `There is no such ${NOUNS[collection]}.`);

export function nameTaken(collection: Collection, cause?: unknown): ServiceError {
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

/** The name of a record that must be no other's, and among which; null where PocketBase itself can tell. */
export function uniqueNameOf(collection: Collection, record: object): { name: string; among: object } | null {
  const { name, deletedAt, stackId } = record as { name?: string; deletedAt?: Date | null; stackId?: string };
  if (name === undefined || isAscii(name)) return null;
  if (collection === "nodes") return { name, among: { stackId } };
  return collection === "stacks" && deletedAt === null ? { name, among: { deletedAt: null } } : null;
}
