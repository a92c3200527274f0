import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { countNamespace, endHold, holdCreations, openAgentDatabase } from "./src/agent-database.ts";
import { register, somebody } from "./src/people.ts";
import { isLiving } from "./src/processes.ts";
import { sharedSystem } from "./src/shared-system.ts";
import { signInStaff, untilStatus } from "./src/staff-api.ts";
import { pidOf, type System } from "./src/system.ts";
import { until } from "./src/until.ts";

let system: System;
beforeAll(async () => {
  system = await sharedSystem();
}, 180_000);

let cleanup = async (): Promise<void> => undefined;
afterAll(() => cleanup());

test("an agent that is killed while it creates namespaces completes every one of them, and nothing twice", async () => {
  const staff = await signInStaff(system);
  const agentHome = join(system.site.home, "stack");
  const sql = await openAgentDatabase(agentHome);
  cleanup = async () => {
    await endHold(sql);
    await sql.end({ timeout: 1 });
  };
  const hold = await holdCreations(sql);
  const people = Array.from({ length: 6 }, () => somebody("crash"));
  const others = (await staff.instances()).filter(({ name }) => name !== "local");
  for (const { name } of others) await staff.cordon(name);
  const placesBefore = (await staff.instance("local")).placesUsed;

  const answers = await Promise.all(people.map((person) => register(system.cloudUrl, person)));
  expect(answers.map((answer) => answer.status)).toEqual(people.map(() => 201));
  await until("namespaces are being created", async () => (await hold.waiting()) > 0);
  const creating = await sql`select slug from stack._tenants where state = 'creating'`;
  expect(creating.length).toBeGreaterThan(0);
  const killed = await pidOf(system, "stack");
  process.kill(killed, "SIGKILL");
  await until("the agent is gone", async () => !(await isLiving(killed)));

  // The supervisor starts it again, which also ends the server that the dead agent left behind, and our lock with it.
  for (const { slug } of people) await untilStatus(staff, slug, "active");
  expect(await pidOf(system, "stack")).not.toBe(killed);
  for (const { slug } of people)
    expect(await countNamespace(sql, slug)).toEqual({
      rows: 1,
      states: ["ready"],
      mappings: 1,
      tables: 4,
      indexes: 10,
      roles: 1,
    });
  const local = await until("everything is applied", async () => {
    const now = await staff.instance("local");
    return now.appliedRevision === now.desiredRevision ? now : null;
  });
  expect(local.placesUsed).toBe(placesBefore + people.length);
  for (const { name } of others) await staff.uncordon(name);
});
