/** Entity tags of answers (RFC 9110, 8.8.3) and whether a client has the answer already (13.1.2). */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

/** The same for equal values, however they were put together; weak. */
export const entityTagOf = (value: unknown): string =>
  `W/"${createHash("sha256")
    .update(canonicalize(value) ?? "")
    .digest("base64url")}"`;

const opaqueOf = (tag: string): string => tag.replace(/^W\//, "");

/** @param ifNoneMatch the header: one tag, a list, or `*`; compared weakly. */
export function isCurrent(etag: string, ifNoneMatch: string | null | undefined): boolean {
  if (!ifNoneMatch) return false;
  if (ifNoneMatch.trim() === "*") return true;
  const tags = ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => opaqueOf(tag) === opaqueOf(etag));
}
