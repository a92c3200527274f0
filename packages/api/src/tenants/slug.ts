/** From a homelab's name to its address. Browser-safe: the sign-up form previews it. */
import { RESERVED_SLUGS, SLUG_PATTERN } from "@kombify/agent-contract";

/** Letters and digits of an address at most. */
export const SLUG_LENGTH = 20;

/** The address that a name suggests: `Ann's Café 2` gives `annscafe2`. Empty names and digits alone give `lab…`. */
export function slugFromName(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
  const slug = (/^[a-z]/.test(plain) ? plain : `lab${plain}`).slice(0, SLUG_LENGTH);
  return SLUG_PATTERN.test(slug) && !RESERVED_SLUGS.has(slug) ? slug : `${slug.slice(0, SLUG_LENGTH - 3)}lab`;
}
