import { randomUUID } from "node:crypto";
import { ASSERTION_TTL_SECONDS, type AssertionClaims, KOMBIFY_ISSUER, ServiceError } from "@kombify/agent-contract";
import { recordAudit } from "../audit/record.ts";
import type { TenantContext } from "../context.ts";
import type { TenantStatus } from "./schemas.ts";

const NOT_YET: Record<Exclude<TenantStatus, "active">, string> = {
  provisioning: "Your homelab is still being made. It takes a few seconds; try again then.",
  waiting_for_capacity: "Your homelab waits for room. You can launch it as soon as it has a place.",
  suspended: "Your homelab is suspended. Write to support to open it again.",
  deleting: "Your homelab is being deleted.",
};

interface LaunchRow {
  status: TenantStatus;
  generation: number;
  orgId: string;
  plan: AssertionClaims["plan"];
  instanceId: string | null;
  internalUrl: string | null;
}

/**
 * Hands the caller over to their Stack: a signed assertion goes to the agent over mTLS, a single-use ticket comes back
 * for the browser to post.
 * @throws ServiceError PRECONDITION with the reason while the tenant is not active; UPSTREAM when the host is away.
 */
export async function launchTenant(ctx: TenantContext) {
  const [row] = await ctx.db.read<LaunchRow>(
    (
      sql,
    ) => sql`select t.status, t.generation, t.org_id as "orgId", t.plan, i.id as "instanceId", i.internal_url as "internalUrl"
      from tenants t left join instances i on i.id = t.instance_id where t.id = app_tenant_id()`,
  );
  if (!row) throw new ServiceError("NOT_FOUND", "There is no such homelab among yours.");
  if (row.status !== "active") throw new ServiceError("PRECONDITION", NOT_YET[row.status]);
  if (!row.instanceId || !row.internalUrl)
    throw new ServiceError("PRECONDITION", "Your homelab has no host at the moment.");
  const { user } = ctx.session;
  const now = Math.floor(Date.now() / 1000);
  const claims: AssertionClaims = {
    iss: KOMBIFY_ISSUER,
    aud: row.instanceId,
    sub: user.id,
    idp: KOMBIFY_ISSUER,
    tenantId: ctx.tenant.id,
    generation: row.generation,
    orgId: row.orgId,
    email: user.email,
    name: user.name,
    role: ctx.tenant.role,
    plan: row.plan,
    jti: randomUUID(),
    iat: now,
    exp: now + ASSERTION_TTL_SECONDS,
  };
  const assertion = await ctx.can.signer.sign(claims);
  const { redirectUrl, ticket, expiresAt } = await ctx.can.agents.exchange(
    { id: row.instanceId, internalUrl: row.internalUrl },
    assertion,
  );
  await ctx.db.transaction((tx) =>
    recordAudit(tx, ctx, {
      action: "tenants.launch",
      targetKind: "tenant",
      targetId: ctx.tenant.id,
      tenantId: ctx.tenant.id,
      summary: `${user.name} launched the homelab`,
    }),
  );
  return { redirectUrl, ticket, expiresAt };
}
