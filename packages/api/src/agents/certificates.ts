/** Certificates of our own services and of gateways: who has one, giving one to a gateway, taking one back. */
import { ServiceError } from "@kombify/agent-contract";
import { notifyChange } from "@kombify/db";
import { serviceCertificates } from "@kombify/db/schema";
import { and, eq, isNull, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { ServiceTls, VerbContext } from "../context.ts";
import { raiseRevisions } from "../instances/raise-revisions.ts";
import type { CertificatesView, ServiceCertificateView } from "./schemas.ts";

const MAX_LISTED = 500;
const DAY_MS = 86_400_000;
/** A gateway's certificate lies in a file: nobody renews it but an operator, and it must not be good for ever. */
export const GATEWAY_DAYS = { default: 7, max: 30 };

/** What is good now, or would be had it not been taken back. Reads no key. */
export async function listCertificates(ctx: VerbContext): Promise<CertificatesView> {
  const [authorities, items] = await Promise.all([
    ctx.db.read<CertificatesView["authorities"][number]>(
      (read) => read`
        select fingerprint, created_at as "createdAt", activated_at as "activatedAt", not_after as "notAfter"
        from certificate_authorities where retired_at is null order by created_at desc`,
    ),
    ctx.db.read<ServiceCertificateView>(
      (read) => read`
        select serial, service, issued_at as "issuedAt", not_after as "notAfter", revoked_at as "revokedAt"
        from service_certificates where not_after > now() order by issued_at desc, serial limit ${MAX_LISTED}`,
    ),
  ]);
  return { authorities, items };
}

/**
 * Takes a service's certificate back: from the next request on it is refused, its open connections are cut, and every
 * agent is told. One of our own processes takes another one at once. Saying it twice changes nothing.
 * @throws ServiceError NOT_FOUND; PRECONDITION for an agent's.
 */
export async function revokeCertificate(ctx: VerbContext, serial: string): Promise<ServiceCertificateView> {
  return ctx.db.transaction(async (tx) => {
    const [revoked] = await tx
      .update(serviceCertificates)
      .set({ revokedAt: sql`clock_timestamp()` })
      .where(and(eq(serviceCertificates.serial, serial), isNull(serviceCertificates.revokedAt)))
      .returning();
    if (!revoked) {
      const [known] = await tx.select().from(serviceCertificates).where(eq(serviceCertificates.serial, serial));
      if (known) return known;
      const [agent] = await tx.execute<{ name: string }>(sql`
        select i.name from agent_certificates c join instances i on i.id = c.instance_id where c.serial = ${serial}`);
      if (agent)
        throw new ServiceError(
          "PRECONDITION",
          `This is the certificate of the agent of ${agent.name}. Revoke the agent on the page of the instance.`,
        );
      throw new ServiceError("NOT_FOUND", "There is no certificate of this serial number.");
    }
    await recordAudit(tx, ctx, {
      action: "agents.revokeCertificate",
      targetKind: "certificate",
      targetId: serial,
      summary: `Revoked the certificate ${serial} of the ${revoked.service} service`,
    });
    await raiseRevisions(tx);
    await notifyChange(tx, { noun: "certificates", id: serial });
    return revoked;
  });
}

/** A key and a certificate for a gateway. @param days that it is good for. @throws ServiceError INVALID */
export async function issueGatewayCertificate(ctx: VerbContext, days = GATEWAY_DAYS.default): Promise<ServiceTls> {
  if (!Number.isInteger(days) || days < 1 || days > GATEWAY_DAYS.max)
    throw new ServiceError("INVALID", `A gateway's certificate is good for 1 to ${GATEWAY_DAYS.max} whole days.`);
  return ctx.db.transaction(async (tx) => {
    const issued = await ctx.can.authority.issueService("gateway", { lifetimeMs: days * DAY_MS, tx });
    await recordAudit(tx, ctx, {
      action: "agents.issueGatewayCertificate",
      targetKind: "certificate",
      targetId: issued.serial,
      summary: `Gave the gateway a certificate that ends on ${issued.notAfter.toISOString().slice(0, 10)}`,
    });
    return issued;
  });
}

/** Why a certificate of the gateway is not believed; null when it is. `undefined` in, for one that was never issued. */
export function refusalOfGateway(row: Pick<ServiceCertificateView, "service" | "notAfter" | "revokedAt"> | undefined) {
  const again = "Issue a new one with `npm run kombify -- gateway certificate`.";
  if (row?.service !== "gateway") return `This certificate is not known here. ${again}`;
  if (row.revokedAt !== null) return `This certificate was revoked. ${again}`;
  if (row.notAfter.getTime() <= Date.now()) return `This certificate has ended. ${again}`;
  return null;
}
