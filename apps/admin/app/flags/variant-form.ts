/** Variants as rows of a form: names, values as they are typed, and which of them is the default and the off-variant. */
import type { FlagSummaryView } from "@kombify/api/schemas";

export type ValueType = FlagSummaryView["type"];
export type VariantRow = { name: string; value: string };
export type VariantForm = {
  type: ValueType;
  rows: VariantRow[];
  /** Places of rows; null: none. */
  defaultAt: number | null;
  offAt: number | null;
};

export const VALUE_TYPES = ["boolean", "string", "number", "object"] as const satisfies ValueType[];
export const isValueType = (word: unknown): word is ValueType => VALUE_TYPES.some((type) => type === word);

/** What a new flag of a type begins with. */
export function presetOf(type: ValueType): VariantForm {
  const values: Record<ValueType, [string, string]> = {
    boolean: ["true", "false"],
    string: ["", ""],
    number: ["", ""],
    object: ["", ""],
  };
  const names = type === "boolean" ? ["on", "off"] : ["", ""];
  const rows = names.map((name, at) => ({ name, value: values[type][at]! }));
  return { type, rows, defaultAt: 1, offAt: 1 };
}

const WRONG_VALUES: Record<ValueType, string> = {
  boolean: "Enter true or false.",
  string: "",
  number: "Enter a number, such as 5 or 0.25.",
  object: 'Enter a JSON object, such as {"limit": 5}.',
};

/** What was typed as a value of a type; undefined when it is none. */
export function variantValue(type: ValueType, typed: string): unknown {
  const text = typed.trim();
  if (type === "string") return typed;
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : undefined;
  if (type === "number") return text !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const NAME = /^[A-Za-z0-9][\w.-]{0,49}$/;

type ReadVariants = {
  variants: Record<string, unknown>;
  defaultVariant: string | null;
  offVariant: string | null;
  /** `path` is the `id` of the field. */
  problems: { path: string; message: string }[];
};

/** The variants that a form says; rows that were left empty do not count. */
export function readVariants({ type, rows, defaultAt, offAt }: VariantForm): ReadVariants {
  const problems: ReadVariants["problems"] = [];
  const variants = new Map<string, unknown>();
  const isLeft = ({ name, value }: VariantRow) => name.trim() === "" && value.trim() === "";
  for (const [at, row] of rows.entries()) {
    if (isLeft(row)) continue;
    const name = row.name.trim();
    const value = variantValue(type, row.value);
    const refuse = (field: string, message: string) => problems.push({ path: `variant-${at}.${field}`, message });
    if (!NAME.test(name)) refuse("name", "Use up to 50 letters, digits, dots, dashes and underscores, such as on.");
    else if (variants.has(name)) refuse("name", "Another variant has this name.");
    if (value === undefined) refuse("value", WRONG_VALUES[type]);
    variants.set(name, value);
  }
  if (variants.size === 0) problems.push({ path: "variant-0.name", message: "A flag needs a variant: name one." });
  const nameAt = (at: number | null, field: string, what: string): string | null => {
    const row = at === null ? undefined : rows[at];
    if (at === null) return null;
    if (row && !isLeft(row)) return row.name.trim();
    problems.push({ path: `${field}-${at}`, message: `Choose a variant that is filled in as ${what}.` });
    return null;
  };
  const defaultVariant = variants.size === 0 ? null : nameAt(defaultAt, "defaultAt", "the default");
  const offVariant = variants.size === 0 ? null : nameAt(offAt, "offAt", "what is given while it is off");
  return { variants: Object.fromEntries(variants), defaultVariant, offVariant, problems };
}

const placeFrom = (text: FormDataEntryValue | null, count: number): number | null => {
  const at = typeof text === "string" && /^\d{1,2}$/.test(text) ? Number(text) : -1;
  return at >= 0 && at < count ? at : null;
};

/** The rows as they were sent, those that are empty among them: places stay what they were. */
export function variantFormFrom(sent: FormData): VariantForm {
  const names = sent.getAll("variantName").map(String);
  const values = sent.getAll("variantValue").map(String);
  const type = sent.get("type");
  const rows = names.map((name, at) => ({ name, value: values[at] ?? "" }));
  return {
    type: isValueType(type) ? type : "boolean",
    rows,
    defaultAt: placeFrom(sent.get("defaultAt"), rows.length),
    offAt: placeFrom(sent.get("offAt"), rows.length),
  };
}
