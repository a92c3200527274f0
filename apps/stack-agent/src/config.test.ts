import { ENGINE_CAPACITY } from "@kombify/agent-contract";
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
    engine: "postgres" as const,
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
    engine: "postgres",
    capacity: ENGINE_CAPACITY.postgres.recommended,
  });
});

const settingsOf = (environment: NodeJS.ProcessEnv) => readConfig(environment).settings(null);

test("a host has the places that are right for its engine, and never more than it takes", () => {
  expect(settingsOf({ KOMBIFY_ENGINE: "pocketbase" })).toMatchObject({ engine: "pocketbase", capacity: 100 });
  expect(settingsOf({ KOMBIFY_ENGINE: "pocketbase", STACK_CAPACITY: "250" }).capacity).toBe(250);
  expect(() => settingsOf({ KOMBIFY_ENGINE: "pocketbase", STACK_CAPACITY: "251" })).toThrow(
    /STACK_CAPACITY: PocketBase takes at most 250 tenants a host/,
  );
  expect(settingsOf({ STACK_CAPACITY: "5000" }).capacity).toBe(5000);
});

test("a PocketBase that runs already needs its superuser, and one of the agent's own takes none", () => {
  const url = { KOMBIFY_ENGINE: "pocketbase", POCKETBASE_URL: "http://localhost:8090" };
  const superuser = { POCKETBASE_SUPERUSER_EMAIL: "a@example.com", POCKETBASE_SUPERUSER_PASSWORD: "hunter2" };
  expect(readConfig({ ...url, ...superuser }).pocketbase).toEqual({
    remote: { url: "http://localhost:8090", email: "a@example.com", password: "hunter2" },
    bin: null,
  });
  expect(() => readConfig(url)).toThrow(
    /POCKETBASE_SUPERUSER_EMAIL: set it[\s\S]*POCKETBASE_SUPERUSER_PASSWORD: set it/,
  );
  expect(() => readConfig(superuser)).toThrow(/set POCKETBASE_URL too/);
  expect(() => readConfig({ ...superuser, POCKETBASE_SUPERUSER_EMAIL: "nobody" })).not.toThrow("hunter2");
  expect(() => readConfig({ ...url, ...superuser, POCKETBASE_BIN: "/bin/pb" })).toThrow(/POCKETBASE_BIN: leave it out/);
  expect(readConfig({ KOMBIFY_ENGINE: "pocketbase", POCKETBASE_BIN: "/bin/pb" }).pocketbase).toEqual({
    remote: null,
    bin: "/bin/pb",
  });
});

test("variables of an engine that the host has not are refused, not passed over", () => {
  expect(() => settingsOf({ POCKETBASE_BIN: "/bin/pb" })).toThrow(/set KOMBIFY_ENGINE=pocketbase too, or leave it out/);
});

test("a host goes on with the engine that it joined with, and never silently with another one", () => {
  const stored = { ...settingsOf({ KOMBIFY_ENGINE: "pocketbase" }) };
  expect(readConfig({}).settings(stored).engine).toBe("pocketbase");
  expect(() => readConfig({ KOMBIFY_ENGINE: "postgres" }).settings(stored)).toThrow(/joined with pocketbase/);
});
