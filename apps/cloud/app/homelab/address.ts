/** The short address of a homelab. */

const MAX_LENGTH = 20;

/**
 * The slug that a name becomes, as far as can be told without asking the server; "" while there is nothing to make one
 * from. The server has the last word (`slugFromName` there): it changes the slug when it is taken or reserved.
 */
export function previewSlug(name: string): string {
  const plain = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "");
  if (plain === "") return "";
  return (/^[a-z]/.test(plain) ? plain : `lab${plain}`).slice(0, MAX_LENGTH);
}

/** What people type and share: `localhost:3000/h/ada`. */
export function homelabAddress(cloudUrl: string, slug: string): string {
  return `${new URL(cloudUrl).host}/h/${slug}`;
}
