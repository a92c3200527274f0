import { createTestPocketBase, hasPocketBase } from "@kombify/embedded-pocketbase/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSingleTenant, type SingleTenant } from "../../test/single-tenant/build.ts";
import { type Client, createClient } from "../engine/pocketbase/client.ts";
import { openPocketBaseEngine } from "../engine/pocketbase/pocketbase-engine.ts";
import { migrateDown } from "./migrate-down.ts";
import { migrateUp } from "./migrate-up.ts";
import { planLines } from "./plan.ts";

const quietly = { say: (line: string) => process.env.SAY && console.log(line), signal: new AbortController().signal };

describe.skipIf(!hasPocketBase)("migrating a single-tenant PocketBase", () => {
  let pocketbase: Awaited<ReturnType<typeof createTestPocketBase>>;
  let built: SingleTenant;
  let client: Client;
  beforeAll(async () => {
    pocketbase = await createTestPocketBase();
    built = await buildSingleTenant(pocketbase.url, pocketbase.superuser, { users: 40, nodes: 200, jobs: 60 });
    client = createClient({ url: pocketbase.url, ...pocketbase.superuser });
    await client.logIn();
  });
  afterAll(() => pocketbase.drop());
  const dump = async () =>
    (await client.collections()).map(({ created: _c, updated: _u, fields, ...rest }) => ({
      ...rest,
      fields: rest.type === "view" ? fields.map(({ id: _id, ...field }) => field) : fields,
    }));

  test("plan, up, down", async () => {
    const before = await dump();
    const lines = await planLines(client);
    console.log(lines.join("\n"));
    expect(await dump()).toEqual(before);
    await migrateUp(client, quietly);
    const engine = await openPocketBaseEngine({ login: { url: pocketbase.url, ...pocketbase.superuser } });
    expect(await engine.findDrift()).toEqual(new Map());
    expect(await migrateUp(client, quietly)).toBe("already done");
    await migrateDown(client, quietly);
    expect(await dump()).toEqual(before);
  });
});
