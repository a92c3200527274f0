import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type ImportReport, importHistory } from "@kombify/api";
import { createTestPlane, type TestPlane } from "@kombify/api/testing";
import { createTestPocketBase, hasPocketBase, type TestPocketBase } from "@kombify/embedded-pocketbase/testing";
import { Command } from "commander";
import type PocketBase from "pocketbase";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CommandError } from "../control-plane.ts";
import { addImport } from "./command.ts";
import { openPocketBase } from "./pocketbase-source.ts";
import { buildOldAdmin } from "./test/old-admin.ts";

/** [read, new, updated, unchanged, kept, refused] of each kind. */
const figures = ({ collections }: ImportReport) =>
  Object.fromEntries(
    Object.entries(collections).map(([name, { read, imported, updated, unchanged, kept, refused }]) => [
      name,
      [read, imported, updated, unchanged, kept.length, refused.length],
    ]),
  );

describe.skipIf(!hasPocketBase)("import pocketbase-admin", () => {
  let old: TestPocketBase;
  let client: PocketBase;
  let plane: TestPlane;
  let home: string;
  const encryptionKey = randomBytes(32).toString("base64");
  beforeAll(async () => {
    [old, plane, home] = await Promise.all([
      createTestPocketBase(),
      createTestPlane({ encryptionKey }),
      mkdtemp(join(tmpdir(), "kombify-cli-")),
    ]);
    client = await buildOldAdmin(old);
    const { password } = new URL(plane.database.urls.web);
    const secrets = { encryptionKey, webPassword: password, workerPassword: "x" };
    await writeFile(join(home, "secrets.json"), JSON.stringify(secrets), { mode: 0o600 });
  }, 120_000);
  afterAll(async () => {
    await Promise.all([old?.drop(), plane?.close(), rm(home, { recursive: true, force: true })]);
  });

  const importNow = async (
    source: string,
    more: { isDryRun?: boolean; signal?: AbortSignal; onProgress?: () => void } = {},
  ) =>
    importHistory(plane.admin.asSystem("test"), {
      source,
      from: await openPocketBase(old.url, old.superuser),
      ...more,
    });

  /** The command itself, as an operator runs it. */
  function command(args: string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, ["main.ts", "import", "pocketbase-admin", ...args], {
      cwd: join(import.meta.dirname, "..", ".."),
      env: {
        ...{ PATH: process.env.PATH, HOME: process.env.HOME, POCKETBASE_BIN: process.env.POCKETBASE_BIN },
        ...{ KOMBIFY_HOME: home, DATABASE_URL: plane.database.ownerUrl, ...env },
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const done = Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    return { child, done: done.then(([out, err, [code]]) => ({ out, err, code: code as number })) };
  }
  const credentials = () => ({
    SOURCE_SUPERUSER_EMAIL: old.superuser.email,
    SOURCE_SUPERUSER_PASSWORD: old.superuser.password,
  });

  it("stopped in the middle and run again takes everything once, proves it, and names what it could not take", async () => {
    const stop = new AbortController();
    const stopped = await importNow("admin", { signal: stop.signal, onProgress: () => stop.abort() });
    expect(stopped.isComplete).toBe(false);
    const report = await importNow("admin");
    expect([report.isComplete, report.isIntact]).toEqual([true, true]);
    expect(figures(report)).toEqual({
      ...{ tools: [20, 0, 0, 16, 0, 4], instances: [5, 4, 0, 0, 0, 1], health_checks: [300, 290, 0, 0, 0, 10] },
      ...{ flags: [10, 7, 0, 0, 0, 3], audit_events: [400, 396, 0, 0, 0, 4] },
    });
    for (const { sourceDigest, targetDigest, counts, differing } of Object.values(report.collections)) {
      expect(sourceDigest).toMatch(/^[0-9a-f]{64}$/);
      expect([targetDigest, counts.readBack, differing]).toEqual([sourceDigest, counts.accepted, []]);
    }
    const refusals = Object.values(report.collections).flatMap(({ refused }) =>
      refused.map(({ id, field, reason }) => `${id.replace(/0+/, "-")} ${field} ${reason}`),
    );
    expect(refusals).toMatchInlineSnapshot(`
      [
        "tool-17 name is missing",
        "tool-18 name is tool-3, which another row here has already",
        "tool-19 displayName is longer than 200 characters",
        "tool-20 ports must be a list of ports, such as [8080, "53/udp"]",
        "inst-5 status is "sideways", which is none of healthy, degraded, unhealthy, unknown",
        "chck-291 instance is inst00000000005, which is none of the instances that are here",
        "chck-292 instance is inst00000000005, which is none of the instances that are here",
        "chck-293 instance is inst00000000005, which is none of the instances that are here",
        "chck-294 instance is inst00000000005, which is none of the instances that are here",
        "chck-295 instance is missing",
        "chck-296 instance is missing",
        "chck-297 status is "perhaps", which is none of healthy, degraded, unhealthy, unknown",
        "chck-298 status is "perhaps", which is none of healthy, degraded, unhealthy, unknown",
        "chck-299 response_ms must not be negative",
        "chck-300 response_ms must not be negative",
        "flag-8 key is feature_1, which another row here has already",
        "flag-9 rules has the operator "regex", which cannot be said here",
        "flag-10 rollout_percentage must be 0 to 100",
        "audt-397 action is missing",
        "audt-398 message is longer than 2000 characters",
        "audt-399 created is missing",
        "audt-400 action is longer than 100 characters",
      ]
    `);
    expect(report.collections.instances.leftBehind).toEqual({ join_secret: 4 });
    expect(report.collections.audit_events.leftBehind).toEqual({ "details.password": 396 });
    expect(report.collections.tools.besides).toMatchObject({ popularity: 16 });
  });

  it("a second run changes nothing and gives the same digests; what changed there is brought over", async () => {
    const count = () => plane.database
      .owner`select (select count(*) from tools) t, (select count(*) from health_checks) h,
      (select count(*) from flags) f, (select count(*) from audit_events) a, (select max(updated_at) from imports) u`;
    const before = await count();
    const first = await importNow("admin");
    const second = await importNow("admin");
    expect(figures(second)).toEqual(figures(first));
    expect(figures(second).audit_events).toEqual([400, 0, 0, 396, 0, 4]);
    for (const [name, { sourceDigest }] of Object.entries(first.collections))
      expect(second.collections[name as "tools"].targetDigest).toBe(sourceDigest);
    expect(await count()).toEqual(before);
    await client.collection("tools").update("tool00000000004", { displayName: "Renamed there" });
    const third = await importNow("admin");
    expect(figures(third).tools).toEqual([20, 0, 1, 15, 0, 4]);
    expect(third.isIntact).toBe(true);
    expect(await plane.database.owner`select display_name from tools where name = 'tool-4'`).toEqual([
      { display_name: "Renamed there" },
    ]);
  });

  it("what is in the tables is what was there: times, relations, actors, and no credentials", async () => {
    const [check] = await plane.database.owner`select c.at, c.kind, c.detail, i.name from health_checks c
      join instances i on i.id = c.instance_id join imports l on l.target_id = c.id where l.legacy_id = 'chck00000000050'`;
    expect(check).toEqual({
      ...{ at: new Date(Date.UTC(2025, 0, 1, 0, 50 * 37)), kind: "unhealthy", detail: "Answered in 50 ms" },
      name: "stack-eu-3",
    });
    const [event] = await plane.database.owner`select at, actor_kind, actor_name, summary, remainder from audit_events e
      join imports l on l.target_id = e.id where l.legacy_id = 'audt00000000009'`;
    expect(event).toEqual({
      ...{ at: new Date(Date.UTC(2025, 0, 1, 0, 9 * 37)), actor_kind: "staff", actor_name: "ann@example.com" },
      ...{ summary: "tool.update on tool tool-9", remainder: { details: { before: 9 } } },
    });
    const everything = await plane.database.owner`select to_jsonb(l)::text as line from imports l`;
    expect(JSON.stringify(everything)).not.toContain("never-to-be-kept");
  });

  it("the command reads from a running one with credentials from the environment, and prints every refusal", async () => {
    const { out, err, code } = await command(["--url", old.url, "--source", "by-url"], credentials()).done;
    expect(code, err).toBe(0);
    // The rows came over under another name already: what is unique is refused, the rest comes again under this one.
    expect(out).toContain("tools tool00000000001 not taken: name is tool-1, which another row here has already");
    expect(out).toMatch(/audit_events +audit_logs +400 +396 .* [0-9a-f]{12} both/);
    expect(out).toContain("Complete; every row that was taken came back as it was read.");
    expect(out + err).not.toContain(old.superuser.password);
  });

  it("the command fails when rows come back otherwise than they were read", async () => {
    await plane.database.owner`create function tamper() returns trigger language plpgsql as $$
      begin new.summary := new.summary || '!'; return new; end $$`;
    await plane.database
      .owner`create trigger tamper before insert on audit_events for each row when (new.action = 'tool.update')
      execute function tamper()`;
    const { out, code } = await command(["--url", old.url, "--source", "tampered"], credentials()).done;
    await plane.database.owner`drop trigger tamper on audit_events`;
    expect(code).toBe(1);
    expect(out).toContain("ROWS CAME BACK OTHERWISE");
    expect(out).toMatch(/audit_events audt00000000001 DIFFERS/);
  });

  it("Ctrl-C stops the command between two batches, with its own exit code", async () => {
    // A gate before PocketBase holds the second answer back until the signal was sent.
    let answers = 0;
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const proxy = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      if (request.url?.includes("/records") && !request.url.includes("_superusers") && ++answers === 3) {
        reached.resolve();
        await gate.promise;
      }
      const headers = { "content-type": "application/json", authorization: request.headers.authorization ?? "" };
      const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
      const answer = await fetch(`${old.url}${request.url}`, {
        method: request.method ?? "GET",
        headers,
        ...(body ? { body } : {}),
      });
      response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
    }).listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const address = proxy.address();
    const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
    const running = command(["--url", url, "--source", "stopped", "--json"], credentials());
    await reached.promise;
    running.child.kill("SIGINT");
    running.child.kill("SIGINT");
    await once(running.child.stderr, "data");
    gate.resolve();
    const { out, code } = await running.done;
    proxy.close();
    expect(code).toBe(130);
    expect(JSON.parse(out)).toMatchObject({ isComplete: false, isIntact: true });
    expect(JSON.parse(out).collections.audit_events.read).toBe(0);
  });

  /** The command within this process, for what it refuses at once. */
  async function refusalOf(args: string[], env: NodeJS.ProcessEnv = {}): Promise<unknown> {
    const program = new Command();
    addImport(program);
    const before = { ...process.env };
    Object.assign(process.env, env);
    const parsing = program.parseAsync(["import", "pocketbase-admin", ...args], { from: "user" });
    return parsing.catch((error) => error).finally(() => Object.assign(process.env, before));
  }

  const somebody = { SOURCE_SUPERUSER_EMAIL: "a@b.cd", SOURCE_SUPERUSER_PASSWORD: "wrong-password" };
  it.each([
    ["without a source", [], {}, "Give either --url or --dir."],
    ["with two sources", ["--url", "http://x", "--dir", "x"], {}, "Give either --url or --dir."],
    ["with an address that is none", ["--url", "eu1"], {}, "--url eu1: give http(s)://..."],
    ["without credentials", ["--url", "http://127.0.0.1:9"], {}, "Set SOURCE_SUPERUSER_EMAIL"],
    ["where nothing answers", ["--url", "http://127.0.0.1:9"], somebody, "does not answer"],
    ["on a folder without data", ["--dir", import.meta.dirname], {}, "holds no data.db"],
  ])("%s the command says what would be right", async (_, args, env, message) => {
    const refusal = await refusalOf(args, env);
    expect(refusal).toBeInstanceOf(CommandError);
    expect(String(refusal)).toContain(message);
  });

  it("a superuser who is not known there is told where to look", async () => {
    expect(String(await refusalOf(["--url", old.url], somebody))).toContain("does not know this superuser");
  });

  it("the command reads from a folder through a copy, which is gone afterwards, and leaves the folder as it was", async () => {
    const folder = join(home, "pb_data");
    await old.stop();
    await cp(join(old.dataDir, "data"), folder, { recursive: true });
    await mkdir(join(folder, "storage", "big"), { recursive: true });
    const before = await digestOfFolder(folder);
    const scratch = join(home, "tmp");
    await mkdir(scratch);
    const env = { TMPDIR: scratch };
    const { out, code } = await command(["--dir", home, "--dry-run", "--json"], env).done;
    const report = JSON.parse(out) as ImportReport;
    expect([code, report.isDryRun, report.isIntact, report.isComplete]).toEqual([0, true, true, true]);
    expect(figures(report).audit_events).toEqual([400, 0, 0, 396, 0, 4]);
    expect(await digestOfFolder(folder)).toEqual(before);
    expect((await readdir(scratch)).filter((name) => name.startsWith("kombify"))).toEqual([]);
  });
});

async function digestOfFolder(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const digests = await Promise.all(
    files.map(async (file) =>
      createHash("sha256")
        .update(await readFile(file))
        .digest("hex"),
    ),
  );
  return Object.fromEntries(files.map((file, index) => [file, digests[index] ?? ""]).sort());
}
