/** Small secrets that a browser keeps for us for a few minutes: sealed, so that it can neither read nor write them. */
import type { Capabilities } from "../context.ts";

export interface SealedCookie {
  name: string;
  /** The browser forgets it after this long, and so do we. */
  seconds: number;
}

type Can = Pick<Capabilities, "sealer" | "urls">;
const isSecure = ({ urls }: Can): boolean => urls.cloud.startsWith("https:");
/** The prefix lets no other host of the domain set it (RFC 6265bis, 4.1.3.2); browsers want HTTPS for it. */
const nameOf = (can: Can, { name }: SealedCookie): string => (isSecure(can) ? `__Host-${name}` : name);
const purposeOf = ({ name }: SealedCookie): string => `cookies.${name}`;

const serialize = (can: Can, cookie: SealedCookie, value: string, seconds: number): string =>
  [`${nameOf(can, cookie)}=${value}`, "Path=/", `Max-Age=${seconds}`, "HttpOnly", "SameSite=Lax"]
    .concat(isSecure(can) ? ["Secure"] : [])
    .join("; ");

/** The value of a Set-Cookie header. */
export async function sealCookie(can: Can, cookie: SealedCookie, content: object): Promise<string> {
  const until = Date.now() + cookie.seconds * 1000;
  const sealed = await can.sealer.seal(purposeOf(cookie), JSON.stringify({ ...content, until }));
  return serialize(can, cookie, sealed, cookie.seconds);
}

export const clearCookie = (can: Can, cookie: SealedCookie): string => serialize(can, cookie, "", 0);

/** What was put in; null when there is none, it is too old, or somebody else made it. */
export async function openCookie(can: Can, cookie: SealedCookie, header: string | null): Promise<unknown> {
  const prefix = `${nameOf(can, cookie)}=`;
  const found = (header ?? "").split(/;\s*/).find((part) => part.startsWith(prefix));
  if (!found) return null;
  try {
    const content = JSON.parse(await can.sealer.open(purposeOf(cookie), found.slice(prefix.length))) as {
      until: number;
    };
    return content.until > Date.now() ? content : null;
  } catch {
    return null;
  }
}
