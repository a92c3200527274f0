import {
  certificateGrantSchema,
  desiredStateSchema,
  type HostFlags,
  hostFlagsSchema,
  joinRequestSchema,
  renewRequestSchema,
  reportAnswerSchema,
  reportSchema,
} from "@kombify/agent-contract";
import { z } from "zod";
import { endOf } from "../changes.ts";
import { agentProcedure, foundingProcedure, staffProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { listCertificates, revokeCertificate } from "./certificates.ts";
import { readDesiredState } from "./desired-state.ts";
import { type AgentEvent, agentEvents } from "./events.ts";
import { joinInstance, renewCertificate } from "./join.ts";
import { acceptReport } from "./report.ts";
import { certificatesView, serialInput, serviceCertificateView } from "./schemas.ts";

const tags = ["agents"];
const hostFlagsShape = hostFlagsSchema.pick({ schemaVersion: true, etag: true });

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
      isConditional: true,
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

  flags: agentProcedure()
    .meta({
      isConditional: true,
      openapi: {
        method: "GET",
        path: "/api/agent/flags",
        tags,
        summary: "The flags of all tenants of the host; 304 while the etag names them",
      },
    })
    .input(z.object({ etag: z.string().max(64).optional() }))
    // Made of documents that were sealed: looking at each flag again costs more than everything else here.
    .output(z.custom<HostFlags | null>((value) => value === null || hostFlagsShape.safeParse(value).success))
    .query(({ ctx, input }) => ctx.can.flagDocuments.hostFlags(ctx.instanceId, input.etag)),

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
      z.custom<AsyncIterable<AgentEvent>>(
        (value) => typeof value === "object" && value !== null && Symbol.asyncIterator in value,
      ),
    )
    .subscription(({ ctx, signal }) => agentEvents(ctx, endOf(ctx, signal))),
});
