/** From a homelab's name to its address. */
import { randomInt } from "node:crypto";
import { RESERVED_SLUGS, SLUG_PATTERN } from "@kombify/agent-contract";

const MAX_LENGTH = 20;

/** The address that a name suggests: `Ann's Café 2` gives `annscafe2`. Empty names and digits alone give `lab…`. */
export function slugFromName(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
  const slug = (/^[a-z]/.test(plain) ? plain : `lab${plain}`).slice(0, MAX_LENGTH);
  return SLUG_PATTERN.test(slug) && !RESERVED_SLUGS.has(slug) ? slug : `${slug.slice(0, MAX_LENGTH - 3)}lab`;
}

/** Another address close to this one, for when it is taken. */
export const variantOf = (slug: string): string => `${slug.slice(0, MAX_LENGTH - 4)}${randomInt(100, 10_000)}`;
