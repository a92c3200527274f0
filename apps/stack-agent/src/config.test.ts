import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

test("every wrong variable is named at once", () => {
  const wrong = { STACK_PORT: "99999", DATABASE_URL: "mysql://x", PUBLIC_URL: "ftp://x", STACK_CAPACITY: "0" };
  expect(() => readConfig(wrong)).toThrow(
    expect.objectContaining({ fields: Object.keys(wrong).map((path) => expect.objectContaining({ path })) }),
  );
});

test("options go before the environment, the environment before what was stored, that before defaults", () => {
  const stored = {
    port: 1,
    internalPort: 2,
    publicUrl: "https://old.example",
    internalUrl: "https://old.example:2",
    capacity: 3,
  };
  const config = readConfig({ STACK_PORT: "11", STACK_INTERNAL_PORT: "12", STACK_CAPACITY: "" }, { STACK_PORT: "21" });
  expect(config.settings(stored)).toEqual({ ...stored, port: 21, internalPort: 12 });
  expect(config.settings(null)).toMatchObject({
    publicUrl: "http://localhost:21",
    internalUrl: "https://localhost:12",
    capacity: 100,
  });
});
