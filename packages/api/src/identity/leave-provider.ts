/**
 * Signing out at the provider after signing out here (OpenID Connect RP-Initiated Logout 1.0). The ID token that it wants
 * to see travels sealed to our own page, which posts it: no token is ever part of an address.
 */
import { z } from "zod";
import type { Capabilities, UserContext } from "../context.ts";
import type { EndSessionForm } from "./oidc.ts";
import { clearCookie, openCookie, sealCookie } from "./sealed-cookie.ts";
import { ID_TOKEN_PURPOSE } from "./sessions.ts";

export const LEAVE_PATH = "/api/auth/oidc/leave";
const COOKIE = { name: "kombify_leave", seconds: 120 };
/** What browsers take as a cookie, name and attributes included, is 4096 bytes; sealing adds a third. */
const MOST_CHARACTERS = 2_700;

const leaveSchema = z.object({ issuer: z.string(), idToken: z.string() });

/**
 * Looks, before a session ends, whether its provider should hear of it.
 * @returns our page that tells it, or null for a session that no provider knows.
 */
export async function prepareLeave(ctx: UserContext & { responseHeaders: Headers }): Promise<string | null> {
  const [session] = await ctx.db.read<{ issuer: string | null; sealedIdToken: string | null }>(
    (sql) =>
      sql`select idp_issuer as issuer, sealed_id_token as "sealedIdToken" from sessions where id = ${ctx.session.id}`,
  );
  const provider = ctx.can.oidc.providers.find(({ issuer }) => issuer === session?.issuer);
  if (!provider || !session?.sealedIdToken) return null;
  const idToken = await ctx.can.sealer.open(ID_TOKEN_PURPOSE, session.sealedIdToken).catch(() => "");
  if (idToken === "" || idToken.length > MOST_CHARACTERS) return null;
  ctx.responseHeaders.append("Set-Cookie", await sealCookie(ctx.can, COOKIE, { issuer: provider.issuer, idToken }));
  return LEAVE_PATH;
}

/** What this browser has to post where; null when it has nothing to say. */
export async function leaveFormOf(can: Capabilities, cookieHeader: string | null): Promise<EndSessionForm | null> {
  const leave = leaveSchema.safeParse(await openCookie(can, COOKIE, cookieHeader)).data;
  return leave ? can.oidc.endSession(leave.issuer, leave.idToken) : null;
}

export const endLeave = (can: Capabilities): string => clearCookie(can, COOKIE);
