import { randomBytes } from "node:crypto";
import type { Change, Database } from "@kombify/db";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSealer } from "../seal.ts";
import { createTestPlane, signUpPerson, type TestPlane } from "../testing.ts";
import { createSessions } from "./sessions.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await createTestPlane();
});
afterAll(() => plane.close());

test("what was read while a membership changed is not remembered", async () => {
  const { db } = plane.database;
  const [hasRead, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  // A database whose answers take long to arrive.
  const slow: Database = {
    ...db,
    as: (scope) => ({
      ...db.as(scope),
      read: async (query) => {
        const rows = await db.as(scope).read(query);
        hasRead.resolve();
        await goOn.promise;
        return rows;
      },
    }),
  };
  let tell: (change: Change) => void = () => {};
  const sessions = createSessions({
    db: slow,
    audience: "cloud",
    sealer: createSealer(randomBytes(32).toString("base64")),
    secureCookies: false,
    onChange: (listener) => {
      tell = listener;
      return () => {};
    },
  });
  const ann = await signUpPerson(plane, "ann");
  const cookie = await sessions.start(ann.id, { clientAddress: "", userAgent: "" });
  const token = sessions.tokenOf(cookie) ?? "";
  const early = sessions.validate(token);
  await hasRead.promise;
  await plane.database.owner`delete from memberships where user_id = ${ann.id}`;
  tell({ noun: "sessions", id: ann.id });
  goOn.resolve();
  expect((await early)?.memberships).toHaveLength(1);
  expect((await sessions.validate(token))?.memberships).toEqual([]);
});
