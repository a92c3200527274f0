import { parse, serialize } from "hono/utils/cookie";
import type { Audience, ChallengeCookie } from "../context.ts";

/**
 * Only the browser that gave the password may give the code: without this cookie a code is worth nothing. Scripts cannot
 * read it, and it ends with the challenge.
 */
export function createChallengeCookie(options: { audience: Audience; secureCookies: boolean }): ChallengeCookie {
  const name = `kombify_${options.audience}_challenge`;
  const attributes = { path: "/", httpOnly: true, secure: options.secureCookies, sameSite: "Lax" } as const;
  return {
    tokenOf: (cookieHeader) => parse(cookieHeader ?? "", name)[name] ?? null,
    create: (token, expires) => serialize(name, token, { ...attributes, expires }),
    blank: () => serialize(name, "", { ...attributes, maxAge: 0 }),
  };
}
