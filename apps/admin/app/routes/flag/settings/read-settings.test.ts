import { expect, test } from "vitest";
import { readSettings, settingsValues } from "./read-settings.ts";

const definition = {
  description: "",
  owner: "web",
  kind: "release",
  lifetime: "temporary" as const,
  expiresAt: new Date("2027-01-31T12:34:56Z"),
  isSensitive: true,
  state: "ENABLED" as const,
  variants: { on: true },
  defaultVariant: "on",
  offVariant: null,
  prerequisites: [],
  targeting: {},
  metadata: { ticket: "KB-12" },
};
type Input = Parameters<typeof readSettings>[1];

test("settings that are opened and saved untouched are the same, a time within the day included", () => {
  const values = settingsValues(definition);
  expect(readSettings(values, definition as Input)).toEqual({ definition, problems: [] });
  const changed = readSettings({ ...values, expiresAt: "2027-02-01", isSensitive: "" }, definition as Input).definition;
  expect(changed).toMatchObject({ expiresAt: new Date("2027-02-01"), isSensitive: false });
});

test("what cannot be read is told beside its field", () => {
  const wrong = { ...settingsValues(definition), owner: " ", metadata: '{"a": {}}', expiresAt: "soon" };
  const { problems } = readSettings(wrong, definition as Input);
  expect(problems.map(({ path }) => path)).toEqual(["owner", "metadata", "expiresAt"]);
});
