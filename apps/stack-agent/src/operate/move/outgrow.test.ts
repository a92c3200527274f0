/** The whole way of an old Stack: single-tenant PocketBase, tenant on PocketBase, tenant on PostgreSQL; killed five times. */
import { createTestPocketBase, hasPocketBase } from "@kombify/embedded-pocketbase/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AgentProcess, createAgentProcess } from "../../../test/agent-process.ts";
import { buildSingleTenant, type SingleTenant } from "../../../test/single-tenant/build.ts";
import { type Client, createClient } from "../../engine/pocketbase/client.ts";
import type { NamespaceSum, StoredRecord } from "../../engine/transfer.ts";

type Archived = { records: Map<string, StoredRecord[]>; sums: NamespaceSum };

describe.skipIf(!hasPocketBase)("an old Stack of 200 people and 2,000 nodes", () => {
  let pocketbase: Awaited<ReturnType<typeof createTestPocketBase>>;
  let old: SingleTenant;
  let client: Client;
  let agent: AgentProcess;
  beforeAll(async () => {
    pocketbase = await createTestPocketBase();
    const { url, superuser } = pocketbase;
    old = await buildSingleTenant(url, superuser);
    client = createClient({ url, ...superuser });
    await client.logIn();
    agent = await createAgentProcess("pocketbase", {
      POCKETBASE_URL: url,
      POCKETBASE_SUPERUSER_EMAIL: superuser.email,
      POCKETBASE_SUPERUSER_PASSWORD: superuser.password,
    });
  }, 120_000);
  afterAll(async () => {
    await agent?.drop();
    await pocketbase?.drop();
  });

  /** Runs a command that must end well. @param kill what is killed at the first line that fits. */
  async function run(args: string[], kill?: { at: RegExp; what: "command" | "agent" }): Promise<void> {
    let isKilled = false;
    const { code, stdout, stderr } = await agent.command(args, (line, command) => {
      if (!kill?.at.test(line) || isKilled) return;
      isKilled = true;
      if (kill.what === "command") command.kill("SIGKILL");
      else void agent.stop("SIGKILL");
    });
    expect(isKilled, `${args.join(" ")} reached ${kill?.at}\n${stdout}\n${stderr}`).toBe(kill !== undefined);
    if (!kill) expect(code, `${stdout}\n${stderr}`).toBe(0);
  }

  /** Everything that the default tenant has now, as an export says it. */
  async function archived(): Promise<Archived> {
    const { stdout, code } = await agent.command(["export", "default", "--out", "-"]);
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const records = new Map<string, StoredRecord[]>();
    for (const { collection, ...record } of lines.filter((line) => line.collection))
      records.set(collection, [...(records.get(collection) ?? []), record]);
    return { records, sums: lines.at(-1).manifest.sums };
  }

  test("becomes a tenant and goes to PostgreSQL with every record, relation, file and password, killed five times", async () => {
    const passwords = new Map(
      (await client.raw("SELECT id, password, tokenKey FROM users ORDER BY id")).map(([id, ...rest]) => [id, rest]),
    );
    const places = new Map(
      (await client.raw("SELECT id, stack_id FROM nodes ORDER BY id LIMIT 1000")) as [string, string][],
    );

    await run(["migrate", "multi-tenancy"], { at: /^rename: |rename/, what: "command" });
    await run(["migrate", "multi-tenancy"], { at: /^fill: |fill/, what: "command" });
    await run(["migrate", "multi-tenancy"]);
    await run(["alias", "off"]);
    await agent.start();
    // The jobs that waited in the old Stack run now.
    const openJobs = async () =>
      (await archived()).records.get("jobs")?.filter(({ fields }) => /pending|running/.test(String(fields.state)))
        .length;
    await expect.poll(openJobs, { timeout: 60_000 }).toBe(0);
    const before = await archived();
    expect([...before.records].map(([name, found]) => [name, found.length])).toEqual([
      ["users", old.counts.users],
      ["stacks", old.counts.stacks],
      ["nodes", old.counts.nodes],
      ["jobs", old.counts.jobs],
    ]);
    expect(before.sums.files.count).toBeGreaterThan(0);
    for (const { id, extra } of before.records.get("users") ?? [])
      expect([extra.passwordHash, extra.tokenKey], id).toEqual(passwords.get(id));
    const nodes = before.records.get("nodes") ?? [];
    expect(nodes.filter(({ id, fields }) => places.has(id) && places.get(id) !== fields.stackId)).toEqual([]);

    const move = ["engine", "move", "--from", "pocketbase", "--to", "postgres"];
    for (const at of [/round 1/, /the same on both sides/, /carrying over/]) {
      await run(move, { at, what: "agent" });
      await agent.start();
      expect((await archived()).sums, `after a kill at ${at}`).toEqual(before.sums);
    }
    await run(move);
    expect((await archived()).sums).toEqual(before.sums);
    await agent.controlPlane.reported(({ engine }) => engine === "postgres");
    // PostgreSQL alone serves it now.
    await pocketbase.stop();
    const after = await archived();
    expect(after.sums).toEqual(before.sums);
    expect(after.records).toEqual(before.records);
  }, 240_000);
});
