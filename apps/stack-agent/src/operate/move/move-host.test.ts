import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { DesiredTenant } from "@kombify/agent-contract";
import { hasPocketBase } from "@kombify/embedded-pocketbase/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type AgentProcess, createAgentProcess } from "../../../test/agent-process.ts";
import { desiredTenant } from "../../../test/control-plane-double.ts";
import { createTestHost, furnish } from "../../../test/test-host.ts";
import type { NamespaceSum } from "../../engine/transfer.ts";
import { exportTenant } from "../archive/export-tenant.ts";

describe.skipIf(!hasPocketBase)("a host on a real PocketBase", () => {
  let agent: AgentProcess;
  const [busy, big] = [desiredTenant(), desiredTenant()];
  beforeAll(async () => {
    agent = await createAgentProcess("pocketbase");
    await agent.start();
    const { controlPlane } = agent;
    controlPlane.publish({ tenants: [busy, big] });
    await controlPlane.reported(({ appliedRevision }) => appliedRevision >= controlPlane.document.revision);
    await restore(big, await archiveWith({ stacks: 20, nodesEach: 100 }));
    await restore(busy, await archiveWith({ stacks: 5, nodesEach: 2 }));
  }, 120_000);
  afterAll(() => agent?.drop());

  /** The archive of a tenant of another host, which is on PostgreSQL. */
  async function archiveWith(size: Parameters<typeof furnish>[2]): Promise<string> {
    const other = await createTestHost();
    const { slug } = await other.newTenant();
    await furnish(other.host.gate.engine, slug, size);
    const { archive } = await exportTenant(other.host, slug, new AbortController().signal);
    const file = join(agent.home, `${slug}.ndjson`);
    await writeFile(file, archive.read());
    await archive.close();
    await other.drop();
    return file;
  }
  async function restore({ slug }: DesiredTenant, file: string): Promise<void> {
    const restored = await agent.command(["import", file, "--as", slug]);
    expect(restored).toMatchObject({ code: 0 });
  }
  async function sums({ slug }: DesiredTenant): Promise<NamespaceSum> {
    const { stdout } = await agent.command(["export", slug, "--out", "-"]);
    return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "").manifest.sums;
  }
  const asOwner = (tenant: DesiredTenant) => ({
    "x-user-id": "person-1",
    "x-user-role": "owner",
    "x-tenant-id": tenant.slug,
    "content-type": "application/json",
  });

  test("moves to PostgreSQL under writes and kill -9, with nothing lost and nothing doubled", async () => {
    const before = await sums(big);
    const acknowledged: string[] = [];
    const isOver = new AbortController();
    const failures: string[] = [];
    let isDown = false;
    const writer = async () => {
      // Without a breath in between, a machine of two cores would do nothing else.
      for (let i = 0; !isOver.signal.aborted; i++, await delay(20)) {
        const body = JSON.stringify({ name: `written ${i}` });
        const answer = await agent
          .internal("/v1/stacks", { method: "POST", headers: asOwner(busy), body })
          .catch(() => delay(20));
        if (!answer) continue;
        if (answer.status === 201) acknowledged.push(((await answer.json()) as { id: string }).id);
        else if (!isDown) failures.push(`${answer.status} ${await answer.text()}`);
      }
    };
    const writing = writer();
    onTestFinished(() => isOver.abort());
    const run = (killAt?: RegExp) =>
      agent.command(["engine", "move", "--from", "pocketbase", "--to", "postgres"], (line) => {
        if (isDown || !killAt?.test(line)) return;
        isDown = true;
        void agent.stop("SIGKILL");
      });
    for (const at of [/round 1/, /the same on both sides/, /carrying over/]) {
      const { stderr } = await run(at);
      expect(stderr).toContain("The agent stopped in the middle.");
      await agent.start();
      isDown = false;
      const answer = await agent.internal("/v1/nodes?limit=200", { headers: asOwner(big) });
      expect(((await answer.json()) as { items: object[] }).items, "served after a crash").toHaveLength(200);
    }
    const { stderr, code } = await run();
    expect(code).toBe(0);
    expect(stderr).toContain("This host is on postgres.");
    await agent.controlPlane.reported(({ engine }) => engine === "postgres");
    isOver.abort();
    await writing;
    expect(failures).toEqual([]);
    expect(await sums(big)).toEqual(before);
    const found = new Map<string, number>();
    let cursor: string | null = "";
    while (cursor !== null) {
      const page = await agent.internal(`/v1/stacks?limit=200&sort=createdAt${cursor ? `&cursor=${cursor}` : ""}`, {
        headers: asOwner(busy),
      });
      const { items, nextCursor } = (await page.json()) as { items: { id: string }[]; nextCursor: string | null };
      for (const { id } of items) found.set(id, (found.get(id) ?? 0) + 1);
      cursor = nextCursor;
    }
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(acknowledged.filter((id) => found.get(id) !== 1)).toEqual([]);
    await agent.stop();
    await agent.start();
    expect(await sums(big)).toEqual(before);
  }, 240_000);
});
