import { expect, test } from "vitest";
import { readConfig } from "./config.ts";

const complete = {
  DATABASE_URL: "postgres://web@127.0.0.1:5432/kombify",
  KOMBIFY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString("base64"),
  CLOUD_URL: "http://localhost:3000",
  ADMIN_URL: "http://localhost:3001",
  AGENT_API_URL: "https://localhost:3002",
};

const refusalOf = (environment: Record<string, string | undefined>): string => {
  try {
    readConfig(environment);
  } catch (error) {
    return String(error);
  }
  throw new Error("The environment was accepted.");
};

test("a complete environment is read, with ports 3001 and 3002 unless others are given", () => {
  expect(readConfig(complete)).toMatchObject({ port: 3001, agentApiPort: 3002, isProduction: true });
  const other = { ...complete, PORT: "8080", AGENT_API_PORT: "8443", NODE_ENV: "development" };
  expect(readConfig(other)).toMatchObject({ port: 8080, agentApiPort: 8443, isProduction: false });
});

test("the worker runs in this process only where it has a database role", () => {
  expect(readConfig(complete).workerDatabaseUrl).toBeNull();
  const url = "postgres://worker@127.0.0.1:5432/kombify";
  expect(readConfig({ ...complete, WORKER_DATABASE_URL: url }).workerDatabaseUrl).toBe(url);
});

test("every bad variable is named at once, and no value is repeated", () => {
  const message = refusalOf({
    ...complete,
    DATABASE_URL: "mysql://secret",
    WORKER_DATABASE_URL: "secret",
    PORT: "many",
    CLOUD_URL: undefined,
    AGENT_API_URL: "http://secret:3002",
    AGENT_API_PORT: "70000",
    NODE_ENV: "secret",
  });
  const names = [
    "DATABASE_URL",
    "WORKER_DATABASE_URL",
    "PORT",
    "CLOUD_URL",
    "AGENT_API_URL",
    "AGENT_API_PORT",
    "NODE_ENV",
  ];
  for (const name of names) expect(message).toMatch(new RegExp(`^ {2}${name}: `, "m"));
  expect(message).not.toContain("secret");
});

test("a missing or short encryption key stops the start, a short one before it as well", () => {
  for (const key of [undefined, "", "c2hvcnQ="])
    expect(refusalOf({ ...complete, KOMBIFY_ENCRYPTION_KEY: key })).toContain("KOMBIFY_ENCRYPTION_KEY");
  expect(refusalOf({ ...complete, KOMBIFY_ENCRYPTION_KEY_PREVIOUS: "c2hvcnQ=" })).toContain("_PREVIOUS");
});

test("mail goes to a server, to the mailbox of a developer's machine, or waits; a conflict is named without the password", () => {
  expect(readConfig(complete).mail).toEqual({ kind: "none" });
  expect(readConfig({ ...complete, MAIL_MAILBOX: "development" }).mail).toEqual({ kind: "mailbox" });
  const server = { SMTP_URL: "smtps://kombify:hunter2@mail.example.com", MAIL_FROM: "kombify <no-reply@example.com>" };
  expect(readConfig({ ...complete, ...server }).mail).toEqual({
    kind: "smtp",
    url: server.SMTP_URL,
    from: server.MAIL_FROM,
  });
  const refused = refusalOf({ ...complete, SMTP_URL: server.SMTP_URL });
  expect(refused).toContain("MAIL_FROM: ");
  expect(refused).not.toContain("hunter2");
  for (const from of ["nobody", "a@example.com, b@example.com", "a@example.com\nBcc: b@example.com"])
    expect(refusalOf({ ...complete, ...server, MAIL_FROM: from })).toContain("MAIL_FROM: ");
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
