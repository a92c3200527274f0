import { ServiceError } from "@kombify/agent-contract";
import type { Collection } from "../engine/records.ts";
import type { NamespaceTransfer, StoredRecord } from "../engine/transfer.ts";

/**
 * Puts records, and names the one that the engine cannot keep.
 * @throws ServiceError INVALID with its id; whatever else the engine refuses.
 */
export async function putRecords(
  to: NamespaceTransfer,
  collection: Collection,
  records: readonly StoredRecord[],
): Promise<void> {
  try {
    await to.put(collection, records);
  } catch (error) {
    if (!(error instanceof ServiceError && error.code === "INVALID")) throw error;
    for (const record of records)
      await to.put(collection, [record]).catch((cause: unknown) => {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new ServiceError("INVALID", `${collection} ${record.id} cannot be stored: ${reason}`, { cause });
      });
  }
}
