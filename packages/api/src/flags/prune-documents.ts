import { sql } from "drizzle-orm";
import type { VerbContext } from "../context.ts";
import { lockContents } from "./store-documents.ts";

/** Documents that are kept of each tenant. */
const KEPT = 20;

/**
 * Job `prune-flag-documents`: deletes documents that are older than the newest twenty of their tenant, and contents that no
 * document has any more. Whoever writes documents meanwhile waits, so that none is left without its content.
 */
export const pruneFlagDocuments = (ctx: VerbContext): Promise<void> =>
  ctx.db.transaction(async (tx) => {
    await tx.execute(sql`
      delete from flag_documents d using (
        select tenant_id, revision, row_number() over (partition by tenant_id order by revision desc) as place from flag_documents) ranked
      where ranked.tenant_id = d.tenant_id and ranked.revision = d.revision and ranked.place > ${KEPT}`);
    await lockContents(tx);
    await tx.execute(sql`
      delete from flag_contents c where not exists (select from flag_documents d where d.flags_digest = c.digest)`);
  });
