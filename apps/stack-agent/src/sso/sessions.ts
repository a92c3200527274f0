import { type DesiredState, STACK_SESSION_SECONDS } from "@kombify/agent-contract";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Engine } from "../engine/engine.ts";
import type { LiveSession } from "../engine/shared-store.ts";
import { createSecret, hashSecret } from "./secrets.ts";
import { isEnded } from "./session-endings.ts";

/**
 * Browser sessions of the Stack. Cookies know no ports, so the name tells the instances of one host apart; the last
 * characters of a UUIDv7 are random, its first ones are a clock.
 */
export function createSessions(engine: Engine, instanceId: string, document: () => DesiredState | null) {
  const cookieName = `__Host-kombify_stack_${instanceId.slice(-8)}`;
  const attributes = { path: "/", secure: true, httpOnly: true, sameSite: "Lax" } as const;
  const { shared } = engine;
  return {
    cookieName,
    /** Redeems a ticket, once. @returns whether a session has begun; its cookie is then on the response. */
    async begin(c: Context, ticket: string): Promise<boolean> {
      const redeemed = await shared.redeemTicket(hashSecret(ticket));
      if (!redeemed) return false;
      const { secret, hash } = createSecret();
      const expiresAt = new Date(Date.now() + STACK_SESSION_SECONDS * 1000);
      await shared.createSessions([{ ...redeemed.session, idHash: hash, kind: "session", expiresAt }]);
      // Looked at after it is stored: whoever signs out meanwhile ends it, here or there.
      if (isEnded(document(), redeemed.session)) {
        await shared.endSession(hash);
        return false;
      }
      setCookie(c, cookieName, secret, { ...attributes, maxAge: STACK_SESSION_SECONDS });
      return true;
    },
    /** The live session of the request's cookie; null when there is none. */
    async find(c: Context): Promise<LiveSession | null> {
      const secret = getCookie(c, cookieName);
      return secret ? shared.findSession(hashSecret(secret), "session") : null;
    },
    async end(c: Context): Promise<void> {
      const secret = getCookie(c, cookieName);
      if (secret) await shared.endSession(hashSecret(secret));
      deleteCookie(c, cookieName, attributes);
    },
  };
}

export type Sessions = ReturnType<typeof createSessions>;
