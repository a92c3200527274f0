import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createTestPocketBase, hasPocketBase } from "@kombify/embedded-pocketbase/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildSingleTenant } from "../../test/single-tenant/build.ts";
import { definitionsOf, KEPT, rowsOf } from "../../test/single-tenant/content.ts";
import { type Client, createClient } from "../engine/pocketbase/client.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;

describe.skipIf(!hasPocketBase)("a migration of 200 people and 2,000 nodes that is killed", () => {
  let pocketbase: Awaited<ReturnType<typeof createTestPocketBase>>;
  let client: Client;
  let home: string;
  let definitions: unknown;
  let rows: unknown;
  const kept = async (suffix: string) => {
    const entries = Object.entries(KEPT).map(async ([name, columns]) => {
      const table = name === "notes" ? name : `${name}${suffix}`;
      return [name, await rowsOf(client, table, columns)] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  };
  beforeAll(async () => {
    pocketbase = await createTestPocketBase();
    home = await mkdtemp(join(tmpdir(), "kombify-migrate-"));
    await buildSingleTenant(pocketbase.url, pocketbase.superuser);
    client = createClient({ url: pocketbase.url, ...pocketbase.superuser });
    await client.logIn();
    [definitions, rows] = [await definitionsOf(client), await kept("")];
  });
  afterAll(async () => {
    await pocketbase?.drop();
    if (home) await rm(home, { recursive: true });
  });

  /** Runs the agent's own command line. @param killAt a line at which it is killed. */
  async function migrate(args: string[], killAt?: string): Promise<{ lines: string[]; code: number | null }> {
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      KOMBIFY_AGENT_HOME: home,
      POCKETBASE_URL: pocketbase.url,
      POCKETBASE_SUPERUSER_EMAIL: pocketbase.superuser.email,
      POCKETBASE_SUPERUSER_PASSWORD: pocketbase.superuser.password,
    };
    const child = spawn(process.execPath, [MAIN, "migrate", "multi-tenancy", ...args], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    createInterface(child.stdout).on("line", (line) => {
      lines.push(line);
      if (killAt && line.includes(killAt)) child.kill("SIGKILL");
    });
    const [code] = await once(child, "close");
    return { lines, code };
  }

  test.each([
    ["tenant: ", "fields: "],
    ["count: ", "close done"],
    ["rename: ", "values: "],
    ["fill: ", "rename: "],
    ["compare: ", "forget: "],
  ])(
    "at %s (and on its way back at %s) goes on where it was, with nothing lost and nothing twice",
    async (up, down) => {
      const killed = await migrate([], up);
      expect(killed.code, killed.lines.join("\n")).toBeNull();
      const finished = await migrate([]);
      expect(finished.code, finished.lines.join("\n")).toBe(0);
      expect(await kept("_default")).toEqual(rows);
      expect((await migrate([])).lines.join()).toContain("Already done");
      const back = await migrate(["--down"], down);
      expect(back.code, back.lines.join("\n")).toBeNull();
      expect((await migrate(["--down"])).code).toBe(0);
      expect(await kept("")).toEqual(rows);
      expect(await definitionsOf(client)).toEqual(definitions);
    },
    120_000,
  );
});
