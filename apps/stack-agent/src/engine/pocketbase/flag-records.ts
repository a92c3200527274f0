/** Feature flags in the shared collections: flags by their digest and tenants by their id, in one collection. */
import type { SharedStore } from "../shared-store.ts";
import { type BatchRequest, type Client, isStatus, recordsUrl } from "./client.ts";
import { quote } from "./filters.ts";

const COLLECTION = "_feature_flags";
const PAGE = 500;
/** Records of one batch: what a request may hold is bounded by its time. */
const BATCH = 500;

/** Does nothing for a tenant that has none. */
export async function removeFlags({ pb }: Client, tenantId: string): Promise<void> {
  await pb
    .collection(COLLECTION)
    .delete(tenantId)
    .catch((error: unknown) => {
      if (!isStatus(error, 404)) throw error;
    });
}

export function flagRecords(client: Client): Pick<SharedStore, "loadFlags" | "saveFlags" | "removeFlags"> {
  const { pb } = client;
  const put = (body: Record<string, unknown>): BatchRequest => ({ method: "PUT", url: recordsUrl(COLLECTION), body });
  const carryOut = async (requests: BatchRequest[]): Promise<void> => {
    for (let at = 0; at < requests.length; at += BATCH) await client.batch(requests.slice(at, at + BATCH));
  };
  const list = (filter: string, fields = "*") =>
    pb.collection(COLLECTION).getFullList({ batch: PAGE, filter, sort: "id", fields });
  return {
    async loadFlags() {
      const records = await list("");
      return {
        contents: new Map(records.flatMap(({ id, kind, flags }) => (kind === "contents" ? [[id, flags]] : []))),
        tenants: records.flatMap(({ id, kind, current, previous, older }) =>
          kind === "tenant"
            ? [{ tenantId: id, current: current || null, previous: previous || null, older: older || null }]
            : [],
        ),
      };
    },
    // Many tenants are more than one batch. Flags come before whoever refers to them and go after, so that whatever was
    // reached, each tenant is as it was or as it will be.
    async saveFlags({ contents, tenants, unused }) {
      await carryOut([...contents].map(([id, flags]) => put({ id, kind: "contents", flags })));
      await carryOut(
        tenants.map(({ tenantId, current, previous, older }) =>
          put({
            id: tenantId,
            kind: "tenant",
            current: current ?? "",
            previous: previous ?? "",
            older: older ?? "",
          }),
        ),
      );
      for (let at = 0; at < unused.length; at += BATCH) {
        const filter = unused
          .slice(at, at + BATCH)
          .map((digest) => `id = ${quote(digest)}`)
          .join(" || ");
        const there = await list(`kind = "contents" && (${filter})`, "id");
        await carryOut(there.map(({ id }) => ({ method: "DELETE", url: recordsUrl(COLLECTION, id) })));
      }
    },
    removeFlags: (tenantId) => removeFlags(client, tenantId),
  };
}
