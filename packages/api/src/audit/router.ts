import { staffProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { listAudit } from "./list.ts";
import { auditPage, listAuditInput } from "./schemas.ts";

export const auditRouter = router({
  list: staffProcedure("audit:read")
    .meta({
      openapi: { method: "GET", path: "/api/admin/audit", tags: ["audit"], summary: "Who did what, newest first" },
    })
    .input(listAuditInput)
    .output(auditPage)
    .query(({ ctx, input }) => listAudit(ctx, input)),
});
