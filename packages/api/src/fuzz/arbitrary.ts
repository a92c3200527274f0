/** Values out of JSON Schemas (2020-12, as far as OpenAPI documents made from Zod use it), good ones and hostile ones. */
import fc from "fast-check";

export interface JsonSchema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  propertyNames?: JsonSchema;
  items?: JsonSchema;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  default?: unknown;
}

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: [nested(depth - 1)] });

/** What clients send by mistake, and what attackers send on purpose. */
const HOSTILE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  9007199254740994,
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\u202e\u200b",
  "🏠".repeat(30),
  "x".repeat(70_000),
  "' or 1=1 --",
  "; drop table users",
  "../../../etc/passwd",
  "{{7*7}}",
  "<script>alert(1)</script>",
  "%00%2e%2e%2f",
  "2026-13-45T99:99:99Z",
  "0000-00-00",
  "00000000-0000-0000-0000-000000000000",
  "constructor",
  [],
  ["a", "a"],
  {},
  { $ne: null },
  nested(14),
];
export const hostile = (): fc.Arbitrary<unknown> =>
  fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary" }));

function text({ format, pattern, enum: _, minLength = 0, maxLength = 60 }: JsonSchema): fc.Arbitrary<string> {
  // Filtering by length would look for ever for a long text of a pattern; most patterns hold for a text said twice.
  const inLength = (value: string) =>
    (value === "" ? value : value.repeat(Math.ceil(minLength / value.length) || 1)).slice(
      0,
      Math.max(maxLength, minLength),
    );
  if (format === "uuid") return fc.uuid();
  if (format === "email") return fc.emailAddress().filter((address) => /^[a-z0-9.@-]+$/i.test(address));
  if (format === "date-time")
    return fc
      .date({ noInvalidDate: true, min: new Date("2000-01-01"), max: new Date("2100-01-01") })
      .map((date) => date.toISOString());
  if (format === "uri") return fc.webUrl();
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern)).map(inLength);
  return fc.string({ minLength, maxLength: Math.max(minLength, Math.min(maxLength, 60)), unit: "grapheme" });
}

/** Of a record: fields under any name. */
const namesAndValues = ({ additionalProperties, propertyNames }: JsonSchema): fc.Arbitrary<object> =>
  typeof additionalProperties === "object" && Object.keys(additionalProperties).length > 0
    ? fc.dictionary(text(propertyNames ?? {}), valid(additionalProperties), { maxKeys: 3 })
    : fc.constant({});

/** A value that the schema allows, mostly: constraints that JSON Schema cannot say are left to the server. */
export function valid(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(valid));
  if (schema.allOf) return fc.tuple(...schema.allOf.map(valid)).map((parts) => Object.assign({}, ...parts));
  if (Array.isArray(schema.type)) return fc.oneof(...schema.type.map((type) => valid({ ...schema, type })));
  switch (schema.type) {
    case "string":
      return text(schema);
    case "integer":
      return fc.integer({
        min: Math.max(schema.minimum ?? -1000, -(2 ** 31)),
        max: Math.min(schema.maximum ?? 1000, 2 ** 31 - 1),
      });
    case "number":
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(valid(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, 4),
      });
    case "object":
      return fc
        .tuple(
          namesAndValues(schema),
          fc.record(
            Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, inner]) => [name, valid(inner)])),
            { requiredKeys: schema.required ?? [] },
          ),
        )
        .map(([named, fields]) => ({ ...named, ...fields }));
    default:
      return fc.oneof(fc.string(), fc.integer(), fc.constant(null));
  }
}

/** An object that is good but for one field which is hostile, too many or gone. */
export function spoiled(schema: JsonSchema): fc.Arbitrary<Record<string, unknown>> {
  const fields: Record<string, JsonSchema> = { ...schema.properties, surplus: {} };
  // Text that is right but for one character which PostgreSQL cannot store.
  const withNul = (field: JsonSchema) =>
    valid(field).map((value) => (typeof value === "string" ? `${value.slice(1)}\u0000` : value));
  const junk = (name: string) => fc.tuple(fc.constant(name), fc.oneof(hostile(), withNul(fields[name] ?? {})));
  return fc
    .tuple(
      valid({ ...schema, type: "object" }),
      fc.oneof(...Object.keys(fields).map(junk), fc.tuple(fc.constant("__proto__"), hostile())),
      fc.boolean(),
    )
    .map(([value, [name, junk], isGone]) => {
      const entries = Object.entries(value as Record<string, unknown>).filter(([key]) => key !== name);
      return Object.fromEntries(isGone ? entries : [...entries, [name, junk]]);
    });
}
