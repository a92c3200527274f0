/** What people typed, made fit for a mail: a header ends where a line does (RFC 5322, 2.2), so no line may end inside one. */
import { ServiceError } from "@kombify/agent-contract";
import { z } from "zod";

// Control characters, line and paragraph separators, and what turns the direction of writing.
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu;
const MAX_SUBJECT = 150;

/** Text as one line of at most 150 characters. */
export const subjectLine = (text: string): string =>
  [...text.replace(UNPRINTABLE, " ").replace(/\s+/g, " ").trim()].slice(0, MAX_SUBJECT).join("");

/**
 * A name that somebody gave to themselves or to their homelab, for the text of a mail to somebody else: one line, and
 * with nothing that a mail program would turn into a link.
 */
export const nameInMail = (name: string): string => subjectLine(name).replace(/(:\/\/|\.)(?=\S)/g, "$1 ");

/** The one address that a mail goes to. @throws ServiceError INVALID for anything else. */
export function mailAddress(text: string): string {
  const parsed = z.email().max(254).safeParse(text);
  if (!parsed.success) throw new ServiceError("INVALID", "A mail goes to one address such as name@example.com.");
  return parsed.data;
}
