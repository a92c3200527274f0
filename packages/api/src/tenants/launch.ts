import { randomUUID } from "node:crypto";
import {
  ASSERTION_TTL_SECONDS,
  type AssertionClaims,
  KOMBIFY_ISSUER,
  ServiceError,
  TICKET_TTL_SECONDS,
} from "@kombify/agent-contract";
import { recordAudit } from "../audit/record.ts";
import type { TenantContext } from "../context.ts";
import { readOwnFlags } from "../flags/own-flags.ts";
import { findHome } from "./home.ts";

/**
 * Hands the caller over to their Stack: a signed assertion goes to the agent over mTLS, a single-use ticket comes back
 * for the browser to post.
 * @throws ServiceError PRECONDITION with the reason while the tenant is not active, or launching is switched off for it;
 * UPSTREAM when the host is away.
 */
export async function launchTenant(ctx: TenantContext) {
  if (!(await readOwnFlags(ctx, "homelabLaunch")).homelabLaunch)
    throw new ServiceError(
      "PRECONDITION",
      "Launching is paused for a moment, while we look into a problem. Your homelab itself runs on; try again in a few minutes.",
    );
  const { instance, generation, orgId, plan } = await findHome(ctx);
  const { user } = ctx.session;
  const now = Math.floor(Date.now() / 1000);
  const claims: AssertionClaims = {
    iss: KOMBIFY_ISSUER,
    aud: instance.id,
    sub: user.id,
    idp: KOMBIFY_ISSUER,
    tenantId: ctx.tenant.id,
    generation,
    orgId,
    email: user.email,
    name: user.name,
    role: ctx.tenant.role,
    plan,
    sid: ctx.session.publicId,
    jti: randomUUID(),
    iat: now,
    exp: now + ASSERTION_TTL_SECONDS,
  };
  const assertion = await ctx.can.signer.sign(claims);
  const { redirectUrl, ticket } = await ctx.can.agents.exchange(instance, assertion);
  await ctx.db.transaction((tx) =>
    recordAudit(tx, ctx, {
      action: "tenants.launch",
      targetKind: "tenant",
      targetId: ctx.tenant.id,
      tenantId: ctx.tenant.id,
      summary: "Launched the homelab",
    }),
  );
  // The ticket ends before the agent's token, which stays on the host.
  return { redirectUrl, ticket, expiresAt: new Date((now + TICKET_TTL_SECONDS) * 1000).toISOString() };
}
