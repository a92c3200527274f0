/** The short address of a homelab. */

/**
 * The slug that a name becomes, as far as can be told without asking the server; "" while there is nothing to make one
 * from. The server has the last word: it adds a number when the slug is taken.
 */
export function previewSlug(name: string): string {
  return name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/ß/g, "ss")
    .replace(/[^a-z0-9]/g, "")
    .replace(/^[0-9]+/, "")
    .slice(0, 20);
}

/** What people type and share: `localhost:3000/h/ada`. */
export function homelabAddress(cloudUrl: string, slug: string): string {
  return `${new URL(cloudUrl).host}/h/${slug}`;
}
