import type { LegacySource } from "@kombify/api";
import PocketBase, { ClientResponseError } from "pocketbase";
import { CommandError } from "../control-plane.ts";

/** A page; PocketBase gives 1000 at most. */
const PAGE = 500;
const TIMEOUT_MS = 60_000;

type Superuser = { email: string; password: string };

/** What went wrong between us and that PocketBase, and what to do. */
function explain(url: string, error: unknown): unknown {
  if (!(error instanceof ClientResponseError)) return error;
  if (error.status === 0) {
    const cause = error.originalError instanceof Error ? (error.originalError.cause ?? error.originalError) : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new CommandError(`PocketBase at ${url} does not answer: ${reason}. Is the address right, and does it run?`);
  }
  return new CommandError(`PocketBase at ${url} refuses: ${error.status} ${error.message}`);
}

async function signIn(client: PocketBase, { email, password }: Superuser): Promise<void> {
  try {
    await client.collection("_superusers").authWithPassword(email, password);
  } catch (error) {
    const status = error instanceof ClientResponseError ? error.status : 0;
    if (status === 400)
      throw new CommandError(
        `PocketBase at ${client.baseURL} does not know this superuser. Check SOURCE_SUPERUSER_EMAIL and SOURCE_SUPERUSER_PASSWORD.`,
      );
    if (status === 404)
      throw new CommandError(
        `What answers at ${client.baseURL} is no PocketBase of version 0.23 or newer. Give the address of one, or the data of an older one with --dir.`,
      );
    throw explain(client.baseURL, error);
  }
}

async function* readAll(client: PocketBase, collection: string): AsyncGenerator<Record<string, unknown>[]> {
  for (let last = ""; ; ) {
    // By the last id, not by page number: rows that come or go meanwhile shift nothing.
    const filter = last ? client.filter("id > {:last}", { last }) : "";
    const options = { sort: "id", filter, skipTotal: true };
    const { items } = await client.collection(collection).getList<Record<string, unknown>>(1, PAGE, options);
    if (items.length > 0) yield items;
    if (items.length < PAGE) return;
    last = String(items.at(-1)?.id);
  }
}

/**
 * An Admin center that kept its data in PocketBase, as an import reads it.
 * @throws CommandError when it does not answer, or does not let this superuser in.
 */
export async function openPocketBase(url: string, superuser: Superuser): Promise<LegacySource> {
  const client = new PocketBase(url.replace(/\/+$/, ""));
  // The library cancels a request when another one like it begins, for the sake of forms.
  client.autoCancellation(false);
  client.beforeSend = (address, options) => ({
    url: address,
    options: { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) },
  });
  await signIn(client, superuser);
  return {
    collections: async () => {
      try {
        return (await client.collections.getFullList()).map(({ name }) => name);
      } catch (error) {
        throw explain(client.baseURL, error);
      }
    },
    async *read(collection) {
      try {
        yield* readAll(client, collection);
      } catch (error) {
        throw explain(client.baseURL, error);
      }
    },
  };
}
