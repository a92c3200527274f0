/** How pages are rendered; the same for both portals. */
export { default, handleError } from "@kombify/portal/entry-server";
