import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const complete = {
  DATABASE_URL: "postgres://app@127.0.0.1:5432/kombify",
  KOMBIFY_ENCRYPTION_KEY: "generated",
  CLOUD_URL: "http://localhost:3000",
  ADMIN_URL: "http://localhost:3001",
  AGENT_API_URL: "https://localhost:3002",
};

test("a complete environment is read, with port 3000 unless another is given", () => {
  expect(readConfig(complete)).toMatchObject({ port: 3000, isProduction: true, cloudUrl: "http://localhost:3000" });
  expect(readConfig({ ...complete, PORT: "8080", NODE_ENV: "development" })).toMatchObject({
    port: 8080,
    isProduction: false,
  });
});

test("every bad variable is named at once, and no value is repeated", () => {
  const bad = { ...complete, DATABASE_URL: "mysql://secret", PORT: "many", CLOUD_URL: undefined };
  let message = "";
  try {
    readConfig(bad);
  } catch (error) {
    message = String(error);
  }
  for (const name of ["DATABASE_URL", "PORT", "CLOUD_URL"]) expect(message).toContain(name);
  expect(message).not.toContain("secret");
});

test("a missing encryption key stops the start", () => {
  expect(() => readConfig({ ...complete, KOMBIFY_ENCRYPTION_KEY: undefined })).toThrow(/KOMBIFY_ENCRYPTION_KEY/);
  expect(() => readConfig({ ...complete, KOMBIFY_ENCRYPTION_KEY: "" })).toThrow(/KOMBIFY_ENCRYPTION_KEY/);
});

test("the mailbox page is off unless it is asked for, and only for a portal on this machine", () => {
  expect(readConfig(complete).hasMailbox).toBe(false);
  expect(readConfig({ ...complete, MAIL_MAILBOX: "development" }).hasMailbox).toBe(true);
  const elsewhere = { ...complete, MAIL_MAILBOX: "development", CLOUD_URL: "https://cloud.example.com" };
  expect(() => readConfig(elsewhere)).toThrow(/MAIL_MAILBOX: /);
  expect(() => readConfig({ ...elsewhere, CLOUD_URL: "nonsense" })).toThrow(/CLOUD_URL: /);
});

test("an address in a file takes the place of DATABASE_URL, and one of the two is needed", () => {
  const { DATABASE_URL: _, ...rest } = complete;
  expect(readConfig({ ...rest, DATABASE_URL_FILE: "/run/secrets/database.url" })).toMatchObject({
    databaseUrl: undefined,
    databaseUrlFile: "/run/secrets/database.url",
  });
  expect(() => readConfig({ ...rest, DATABASE_URL_FILE: "" })).toThrow(/DATABASE_URL/);
});

test("REDIS_URL has to be the address of a Redis", () => {
  expect(readConfig({ ...complete, REDIS_URL: "rediss://cache:6380" }).redisUrl).toBe("rediss://cache:6380");
  expect(() => readConfig({ ...complete, REDIS_URL: "http://cache" })).toThrow(/REDIS_URL/);
});

test("the gateway has a listener only where its port is given, on loopback unless told otherwise", () => {
  expect(readConfig(complete).gateway).toBeNull();
  expect(readConfig({ ...complete, GATEWAY_PORT: "3003" }).gateway).toEqual({ port: 3003, host: "127.0.0.1" });
  expect(readConfig({ ...complete, GATEWAY_PORT: "0", GATEWAY_HOST: "0.0.0.0" }).gateway).toEqual({
    port: 0,
    host: "0.0.0.0",
  });
  expect(() => readConfig({ ...complete, GATEWAY_PORT: "many" })).toThrow(/GATEWAY_PORT/);
});
