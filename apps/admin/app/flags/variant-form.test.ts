import { expect, test } from "vitest";
import { presetOf, readVariants, type VariantForm, variantFormFrom } from "./variant-form.ts";

test("a flag that is on or off is ready as it is offered, and off for everybody", () => {
  expect(readVariants(presetOf("boolean"))).toEqual({
    variants: { on: true, off: false },
    defaultVariant: "off",
    offVariant: "off",
    problems: [],
  });
});

const rows = (...pairs: [string, string][]) => pairs.map(([name, value]) => ({ name, value }));
const form = (part: Partial<VariantForm>): VariantForm => ({
  type: "string",
  rows: rows(["a", "b"]),
  defaultAt: 0,
  offAt: null,
  ...part,
});

test.each([
  ["string", " as typed ", " as typed "],
  ["number", " 0.25 ", 0.25],
  ["object", '{"limit": 5}', { limit: 5 }],
] as const)("a value of type %s is read: %s", (type, typed, value) => {
  expect(readVariants(form({ type, rows: rows(["a", typed]) })).variants).toEqual({ a: value });
});

test.each([
  ["boolean", "yes", "Enter true or false."],
  ["number", "many", "Enter a number, such as 5 or 0.25."],
  ["number", "", "Enter a number, such as 5 or 0.25."],
  ["object", "{limit: 5}", 'Enter a JSON object, such as {"limit": 5}.'],
  ["object", "[1]", 'Enter a JSON object, such as {"limit": 5}.'],
  ["object", "5", 'Enter a JSON object, such as {"limit": 5}.'],
] as const)("what is no value of type %s is refused beside its field: %s", (type, typed, message) => {
  const { problems } = readVariants(form({ type, rows: rows(["", ""], ["a", typed]), defaultAt: 1 }));
  expect(problems).toEqual([{ path: "variant-1.value", message }]);
});

test("rows that are empty are passed over; a default that is one of them, a second name and none at all are refused", () => {
  expect(readVariants(form({ rows: rows(["", ""], ["a", "x"]), defaultAt: 1 }))).toMatchObject({
    variants: { a: "x" },
    defaultVariant: "a",
    offVariant: null,
    problems: [],
  });
  const pathsOf = (part: Partial<VariantForm>) => readVariants(form(part)).problems.map(({ path }) => path);
  expect(pathsOf({ rows: rows(["", ""], ["a", "x"]), defaultAt: 0 })).toEqual(["defaultAt-0"]);
  expect(pathsOf({ rows: rows(["a", "x"], ["a", "y"]) })).toEqual(["variant-1.name"]);
  expect(pathsOf({ rows: rows(["not a name", "x"]) })).toEqual(["variant-0.name"]);
  expect(pathsOf({ rows: rows(["", ""]) })).toEqual(["variant-0.name"]);
});

test("what a form sends is read with each row in its place", () => {
  const sent = new FormData();
  sent.set("type", "number");
  for (const [name, value] of [
    ["low", "1"],
    ["", ""],
    ["high", "9"],
  ]) {
    sent.append("variantName", name!);
    sent.append("variantValue", value!);
  }
  sent.set("defaultAt", "2");
  sent.set("offAt", "");
  expect(variantFormFrom(sent)).toEqual({
    type: "number",
    rows: rows(["low", "1"], ["", ""], ["high", "9"]),
    defaultAt: 2,
    offAt: null,
  });
});
