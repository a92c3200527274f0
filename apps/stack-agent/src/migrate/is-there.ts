import type { Client } from "../engine/pocketbase/client.ts";
import { quote } from "../engine/pocketbase/filters.ts";

/** Whether PocketBase has a collection of this name. */
export const isThere = async (client: Client, name: string): Promise<boolean> =>
  (await client.collectionNames(`name = ${quote(name)}`)).length > 0;
