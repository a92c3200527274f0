/** What the form of a new flag says. Runs on the server. */
import { saveFlagInput } from "@kombify/api/schemas";
import type { z } from "zod";
import { readVariants, variantFormFrom } from "../../flags/variant-form.ts";

type ReadNewFlag = {
  /** Null while there are problems. */
  input: z.input<typeof saveFlagInput> | null;
  /** `path` is the `id` of the field. */
  problems: { path: string; message: string }[];
};

/** Reads and judges the whole form at once, so that nobody has to send it twice to learn of a second mistake. */
export function readNewFlag(sent: FormData): ReadNewFlag {
  const text = (name: string) => String(sent.get(name) ?? "");
  const { problems: ofVariants, ...variants } = readVariants(variantFormFrom(sent));
  const isPermanent = text("lifetime") === "permanent";
  const input = {
    key: text("key").trim(),
    definition: {
      description: text("description"),
      owner: text("owner"),
      kind: text("kind"),
      lifetime: text("lifetime"),
      expiresAt: isPermanent || text("expiresAt") === "" ? null : text("expiresAt"),
      isSensitive: sent.get("isSensitive") !== null,
      ...variants,
    },
    version: 0,
    note: text("note"),
  };
  const { error } = saveFlagInput.safeParse(input);
  const others = (error?.issues ?? [])
    // Of variants there is a row for each reason already.
    .filter(({ path }) => !["variants", "defaultVariant", "offVariant"].includes(String(path[1])))
    .map(({ path, message }) => ({ path: fieldOf(path), message: wordsOf(fieldOf(path), message) }));
  const problems = [...others, ...ofVariants];
  // What is left unsaid of a form that was not made by this page, the API refuses by itself.
  return { input: problems.length > 0 ? null : (input as z.input<typeof saveFlagInput>), problems };
}

const fieldOf = (path: readonly PropertyKey[]): string => String(path[0] === "definition" ? path[1] : path[0]);

const wordsOf = (field: string, message: string): string =>
  field === "expiresAt" ? "Enter a date, such as 2027-03-31." : message;
