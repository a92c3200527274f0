/**
 * The hand-over of a person from the Cloud portal to a Stack. Cloud sends a short assertion over mTLS, the browser
 * posts the single-use ticket that came back; no token is ever part of a URL (RFC 9700, section 4.3.2).
 */
import { z } from "zod";
import { planSchema } from "./desired.ts";
import { slugSchema } from "./names.ts";
import { memberRoleSchema } from "./roles.ts";

export const ASSERTION_TTL_SECONDS = 60;
export const TICKET_TTL_SECONDS = 60;
/** A working day, without a way to prolong it: the portal decides anew who may come in. */
export const STACK_SESSION_SECONDS = 12 * 3600;
/** `iss` of every assertion and issuer of every person who signed up with a password. */
export const KOMBIFY_ISSUER = "urn:kombify:cloud";

/** Claims of the launch assertion: a JWT signed with EdDSA (RFC 8037), `kid` in the header. */
export const assertionClaimsSchema = z.object({
  iss: z.literal(KOMBIFY_ISSUER),
  /** Instance id: an assertion for one Stack is refused by another. */
  aud: z.string(),
  /** Subject: the person's id at `idp`. People are known by (idp, sub), never by e-mail. */
  sub: z.string().min(1).max(200),
  /** Issuer of `sub`: {@link KOMBIFY_ISSUER} or the address of an OIDC provider. */
  idp: z.string().min(1).max(500),
  tenantId: z.uuid(),
  generation: z.number().int().min(1),
  orgId: z.string().min(1).max(200),
  email: z.email(),
  name: z.string().max(200),
  role: memberRoleSchema,
  plan: planSchema,
  /** Public id of the portal session that the person launches from. */
  sid: z.uuid().optional(),
  /** Used once. */
  jti: z.uuid(),
  iat: z.number().int(),
  exp: z.number().int(),
});
export type AssertionClaims = z.infer<typeof assertionClaimsSchema>;

/** `POST /api/internal/sso/exchange` on the agent. */
export const exchangeRequestSchema = z.object({ assertion: z.string().min(1).max(8192) });

export const exchangeResponseSchema = z.object({
  /** Engine token of minutes' lifetime; for the control plane, never for a URL. */
  token: z.string(),
  expiresAt: z.iso.datetime(),
  user: z.object({ id: z.string(), email: z.string(), name: z.string(), role: memberRoleSchema }),
  tenant: z.object({ id: z.uuid(), slug: slugSchema, name: z.string() }),
  /** `https://<stack>/sso/callback`: the browser posts the ticket there as a form field named `ticket`. */
  redirectUrl: z.url(),
  ticket: z.string(),
});
export type ExchangeResponse = z.infer<typeof exchangeResponseSchema>;
