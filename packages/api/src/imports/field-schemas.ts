/** What the fields of old rows may be; each message continues a sentence that begins with the field's name. */
import { z } from "zod";

const LONGEST_TEXT = 10_000;

const expecting = (what: string) => ({
  error: (issue: { input?: unknown }) => (issue.input === undefined ? "is missing" : `must be ${what}`),
});

/** Text without white space around it. */
export const text = (longest = LONGEST_TEXT) =>
  z
    .string(expecting("text"))
    .trim()
    .min(1, "is missing")
    .refine((value) => value.length <= longest, { error: `is longer than ${longest} characters` });

export const optionalText = (longest?: number) => text(longest).nullable().default(null);
export const textOrEmpty = (longest?: number) => text(longest).default("");

/** A name that stays as it is, in lower case; anything else is not guessed at. */
export const nameLike = (pattern: RegExp, example: string) =>
  text(200).refine((value) => pattern.test(value), { error: `must be a name such as ${example}` });

/** A time as PocketBase writes it (`2026-11-01 10:00:00.000Z`) or RFC 3339, to RFC 3339 with milliseconds. */
export const time = text(40).transform((value, ctx) => {
  const at = new Date(/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d/.test(value) ? value.replace(" ", "T") : Number.NaN);
  if (at.getTime() >= 0 && at.getUTCFullYear() < 9999) return at.toISOString();
  ctx.addIssue({ code: "custom", message: "must be a time, such as 2026-11-01 10:00:00.000Z" });
  return z.NEVER;
});

/** An address for browsers. One with a password in it is refused: it would be shown. */
export const address = text(2000).refine(
  (value) => {
    const url = URL.parse(value);
    return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
  },
  { error: "must be an http or https address without a password in it" },
);

const word = (value: unknown): string => String(value).trim().toLowerCase().replaceAll(/[_ ]/g, "-");

/** One of our words, or of those that mean the same there. */
export function oneOf<Ours extends string>(meanings: Readonly<Record<Ours, readonly string[]>>) {
  const ours = Object.entries(meanings) as [Ours, readonly string[]][];
  const known = ours.map(([name]) => name).join(", ");
  return z.union([z.string(), z.number()], expecting("a word")).transform((value, ctx): Ours => {
    const found = ours.find(([name, same]) => word(name) === word(value) || same.includes(word(value)));
    if (found) return found[0];
    ctx.addIssue({ code: "custom", message: `is ${JSON.stringify(value).slice(0, 60)}, which is none of ${known}` });
    return z.NEVER;
  });
}

/** Yes or no, also as text. */
export const truth = z
  .union([z.boolean(), z.enum(["true", "false"])], expecting("true or false"))
  .transform((value) => value === true || value === "true");

/** Names as a list, or as text with commas between them. */
export const names = z
  .union([z.array(z.string()), z.string().transform((value) => value.split(","))], expecting("a list of names"))
  .transform((list) => list.map((name) => name.trim()).filter(Boolean))
  .refine((list) => list.length <= 100 && list.every((name) => name.length <= 200), {
    error: "must be at most 100 names of at most 200 characters",
  })
  .default([]);
