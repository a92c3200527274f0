import { inspect } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { users } from "./schema/index.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

it("an error of a statement says what was wrong, and repeats nothing that was to be stored", async () => {
  const secret = "a-password-hash";
  const error: unknown = await test.db
    .as({ kind: "system" })
    .transaction((tx) => tx.insert(users).values({ email: "a@example.com", name: "a\u0000b", passwordHash: secret }))
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "22021", message: expect.stringContaining("invalid byte sequence") });
  expect(inspect(error, { depth: 9 })).not.toContain(secret);
});
