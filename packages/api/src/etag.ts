/** Entity tags (RFC 9110, 8.8.3). */
import { hash } from "node:crypto";

/** Of a whole body: what is different in any way has another tag. */
export const etagOf = (body: string): string => `"${hash("sha256", body, "base64url")}"`;

const opaqueOf = (etag: string): string => etag.replace(/^W\//, "");

/** Whether `If-None-Match` names the tag: a list, `*`, or weak tags, which gateways make of strong ones (RFC 9110, 13.1.2). */
export function namesEtag(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  if (ifNoneMatch.trim() === "*") return true;
  const named = ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return named.some((one) => opaqueOf(one) === opaqueOf(etag));
}
