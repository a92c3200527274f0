import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createTestPocketBase, hasPocketBase } from "@kombify/embedded-pocketbase/testing";
import PocketBase, { BaseAuthStore } from "pocketbase";
import { expect, test } from "vitest";
import { startControlPlaneDouble } from "../../test/control-plane-double.ts";
import { buildSingleTenant } from "../../test/single-tenant/build.ts";
import { freePort } from "../../test/test-agent.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;

test.skipIf(!hasPocketBase)(
  "an old Stack is migrated, its agent serves old clients, and stops serving them when told",
  async () => {
    const [pocketbase, controlPlane] = await Promise.all([createTestPocketBase(), startControlPlaneDouble()]);
    const home = await mkdtemp(join(tmpdir(), "kombify-old-"));
    const port = await freePort();
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      KOMBIFY_AGENT_HOME: home,
      KOMBIFY_ENGINE: "pocketbase",
      KOMBIFY_ALIAS_PORT: String(port),
      STACK_PORT: String(await freePort()),
      STACK_INTERNAL_PORT: String(await freePort()),
      POCKETBASE_URL: pocketbase.url,
      POCKETBASE_SUPERUSER_EMAIL: pocketbase.superuser.email,
      POCKETBASE_SUPERUSER_PASSWORD: pocketbase.superuser.password,
      LOG_LEVEL: "error",
    };
    const run = async (...args: string[]) =>
      (await promisify(execFile)(process.execPath, [MAIN, ...args], { env })).stdout;
    let agent: ChildProcess | undefined;
    try {
      const built = await buildSingleTenant(pocketbase.url, pocketbase.superuser, {
        users: 20,
        stacks: 20,
        nodes: 40,
        jobs: 0,
      });
      const plan = await run("migrate", "multi-tenancy", "--plan");
      expect(plan).toContain("stacks (20 records) becomes stacks_default");
      expect(await run("alias", "status")).toContain("never on");
      expect(await run("migrate", "multi-tenancy")).toContain("The alias is on");
      await run("join", controlPlane.joinToken, "--control-plane", controlPlane.url);
      agent = spawn(process.execPath, [MAIN, "start"], { env, stdio: ["ignore", "ignore", "inherit"] });
      const url = `http://127.0.0.1:${port}`;
      const answers = () =>
        fetch(`${url}/api/health`).then(
          ({ status }) => status,
          () => 0,
        );
      await expect.poll(answers, { timeout: 20_000 }).toBe(200);
      const pb = new PocketBase(url, new BaseAuthStore()).autoCancellation(false);
      const { email, password } = built.person(2);
      await pb.collection("users").authWithPassword(email, password);
      const stacks = await pb.collection("stacks").getFullList({ expand: "nodes_via_stack_id" });
      expect(stacks.some(({ expand }) => expand?.nodes_via_stack_id?.length === 2)).toBe(true);
      const ready = await fetch(`${url}/ready`);
      expect(await ready.json()).toMatchObject({ status: "ok", checks: { pocketbase: { detail: "on" } } });
      await run("alias", "off");
      await expect.poll(answers, { timeout: 10_000 }).toBe(410);
      const status = await run("alias", "status");
      expect(status).toContain("The alias is off");
      expect(status).toMatch(/\d+ calls since/);
      await run("alias", "on");
      await expect.poll(answers, { timeout: 10_000 }).toBe(200);
      await expect(run("migrate", "multi-tenancy", "--down"), "while the agent runs").rejects.toThrow(
        `process ${agent.pid}`,
      );
    } finally {
      const exited = agent && once(agent, "exit");
      agent?.kill("SIGTERM");
      await exited;
      await controlPlane.stop();
      await pocketbase.drop();
      await rm(home, { recursive: true });
    }
  },
  120_000,
);
