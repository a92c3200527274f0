import {
  certificateGrantSchema,
  desiredStateSchema,
  hintSchema,
  joinRequestSchema,
  renewRequestSchema,
  reportAnswerSchema,
  reportSchema,
} from "@kombify/agent-contract";
import { z } from "zod";
import { endOf, watch } from "../changes.ts";
import { agentProcedure, foundingProcedure, staffProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { listCertificates, revokeCertificate } from "./certificates.ts";
import { readDesiredState } from "./desired-state.ts";
import { joinInstance, renewCertificate } from "./join.ts";
import { acceptReport } from "./report.ts";
import { certificatesView, serialInput, serviceCertificateView } from "./schemas.ts";

const tags = ["agents"];

/** What agents call, over mTLS, in the shapes of packages/agent-contract; and what staff see and take back of certificates. */
export const agentsRouter = router({
  join: foundingProcedure
    .meta({
      openapi: {
        method: "POST",
        path: "/api/agent/join",
        tags,
        summary: "A join token and a CSR in, a certificate out",
      },
    })
    .input(joinRequestSchema)
    .output(certificateGrantSchema)
    .mutation(({ ctx, input }) => joinInstance(ctx, input)),

  renew: agentProcedure()
    .meta({ openapi: { method: "POST", path: "/api/agent/renew", tags, summary: "A fresh certificate" } })
    .input(renewRequestSchema)
    .output(certificateGrantSchema)
    .mutation(({ ctx, input }) => renewCertificate(ctx, input.csr)),

  desired: agentProcedure()
    .meta({
      openapi: {
        method: "GET",
        path: "/api/agent/desired",
        tags,
        summary: "The whole desired state; 304 while the revision is current",
      },
    })
    .input(z.object({ revision: z.coerce.number().int().min(0).default(0) }))
    .output(desiredStateSchema.nullable())
    .query(({ ctx, input }) => readDesiredState(ctx, input.revision)),

  report: agentProcedure()
    .meta({
      openapi: { method: "POST", path: "/api/agent/report", tags, summary: "Heartbeat and state of every tenant" },
    })
    .input(reportSchema)
    .output(reportAnswerSchema)
    .mutation(({ ctx, input }) => acceptReport(ctx, input)),

  certificates: staffProcedure("certificate:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/admin/certificates",
        tags,
        summary: "CAs that are trusted, and the certificates of our own services and of gateways",
      },
    })
    .input(z.void())
    .output(certificatesView)
    .query(({ ctx }) => listCertificates(ctx)),

  revokeCertificate: staffProcedure("certificate:revoke")
    .meta({
      openapi: {
        method: "POST",
        path: "/api/admin/certificates/{serial}/revoke",
        tags,
        summary: "Take a service's certificate back at once",
      },
    })
    .input(serialInput)
    .output(serviceCertificateView)
    .mutation(({ ctx, input }) => revokeCertificate(ctx, input.serial)),

  events: agentProcedure()
    .input(z.void())
    .output(
      z.custom<AsyncIterable<z.output<typeof hintSchema>>>(
        (value) => typeof value === "object" && value !== null && Symbol.asyncIterator in value,
      ),
    )
    .subscription(async function* ({ ctx, signal }) {
      const isMine = (change: { noun: string; id: string; revision?: number }) =>
        change.noun === "instances" && change.id === ctx.instanceId && change.revision !== undefined;
      yield* watch(ctx.can.changes, isMine, endOf(ctx, signal), async () => {
        const [row] = await ctx.db.read<{ revision: number }>(
          (sql) => sql`select desired_revision::float8 as revision from instances`,
        );
        return hintSchema.parse({ revision: row?.revision ?? 0 });
      });
    }),
});
