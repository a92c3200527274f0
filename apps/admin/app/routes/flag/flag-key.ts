import { data } from "@remix-run/node";

/** The key in a page's address. @throws the page of an address that no flag has. */
export function flagKeyOf(params: { key?: string | undefined }): string {
  const { key = "" } = params;
  if (/^[A-Za-z0-9][\w.-]{0,99}$/.test(key)) return key;
  throw data(null, { status: 404 });
}
