import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestPlane, signUpPerson, type TestPlane } from "../testing.ts";
import { pruneIdentity } from "./prune.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await createTestPlane();
});
afterAll(() => plane.close());

it("what has ended is deleted, and what still counts stays", async () => {
  const ann = await signUpPerson(plane, "ann");
  const { owner } = plane.database;
  for (const [at, name] of [
    ["now()", "young"],
    ["now() - interval '25 hours'", "old"],
  ] as const) {
    const when = owner.unsafe(at);
    await owner`insert into session_endings (id, user_id, tenant_id, ended_at)
      values (gen_random_uuid(), ${ann.id}, ${ann.tenant.id}, ${when})`;
    await owner`insert into password_resets (token_hash, user_id, expires_at) values (${name}, ${ann.id}, ${when})`;
    await owner`insert into sign_in_challenges (token_hash, user_id, audience, expires_at)
      values (${name}, ${ann.id}, 'cloud', ${when})`;
    await owner`insert into sessions (id, user_id, audience, expires_at) values (${name}, ${ann.id}, 'cloud', ${when})`;
  }
  await pruneIdentity(plane.admin.asSystem("test"));
  const left = async (table: string) => {
    const rows = await owner`select * from ${owner(table)} order by 1`;
    return rows.map((row) => row.token_hash ?? row.id);
  };
  expect(await left("password_resets")).toEqual(["young"]);
  expect(await left("sign_in_challenges")).toEqual(["young"]);
  expect(await left("session_endings")).toHaveLength(1);
  expect((await left("sessions")).filter((id) => id === "young" || id === "old")).toEqual(["young"]);
  expect((await ann.api.identity.me()).user.id).toBe(ann.id);
});
