/** What people type and share: `localhost:3000/h/ada`. */
export function homelabAddress(cloudUrl: string, slug: string): string {
  return `${new URL(cloudUrl).host}/h/${slug}`;
}
