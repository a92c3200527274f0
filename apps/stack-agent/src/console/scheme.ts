import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";

/** `auto` follows the device. */
export type Scheme = "auto" | "light" | "dark";

const COOKIE = "kombify_scheme";
const YEAR_SECONDS = 365 * 24 * 3600;

const isScheme = (text: unknown): text is Scheme => text === "light" || text === "dark";

export function schemeOf(c: Context): Scheme {
  const known = getCookie(c, COOKIE);
  return isScheme(known) ? known : "auto";
}

export function rememberScheme(c: Context, scheme: unknown): void {
  if (isScheme(scheme)) setCookie(c, COOKIE, scheme, { path: "/", maxAge: YEAR_SECONDS, sameSite: "Lax" });
}

/** A path of our own, whatever a form says: never another host, never a scheme. */
export function ownPath(text: unknown): string {
  if (typeof text !== "string" || !text.startsWith("/")) return "/";
  const base = "http://stack.invalid";
  const url = URL.canParse(text, base) ? new URL(text, base) : null;
  return url?.origin === base ? `${url.pathname}${url.search}` : "/";
}
