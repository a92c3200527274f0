import { ServiceError } from "@kombify/agent-contract";
import { ClientResponseError } from "pocketbase";
import type { Client, PocketBaseCollection } from "../engine/pocketbase/client.ts";

/**
 * Changes collections, all or none.
 * @throws ServiceError PRECONDITION with PocketBase's own words when it refuses; nothing has changed then.
 */
export async function importAll(client: Client, collections: Array<Partial<PocketBaseCollection>>): Promise<void> {
  try {
    await client.importCollections(collections);
  } catch (cause) {
    if (!(cause instanceof ClientResponseError) || cause.status !== 400) throw cause;
    const words = JSON.stringify(cause.response.data ?? cause.response.message).slice(0, 1_000);
    throw new ServiceError("PRECONDITION", `PocketBase refuses the change, and nothing of it was made: ${words}`, {
      cause,
    });
  }
}
