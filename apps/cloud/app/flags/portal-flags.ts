import type { Caller } from "@kombify/api";

/**
 * Our own flags for a homelab, typed by their manifest (packages/flags/own-flags.json): `(await portalFlags(api, slug)).whatsNew`.
 * While flags cannot be read these are the manifest's defaults; rejects only for who may not ask at all.
 */
export const portalFlags = (api: Caller, slug: string) => api.flags.own({ slug });
