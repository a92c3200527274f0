import { hasPocketBase } from "@kombify/embedded-pocketbase/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasNoBrowser } from "./src/browser.ts";
import { setTheStage } from "./src/journey.ts";
import { launch, launchButton, readyHeading, register, signIn, signUp, somebody } from "./src/people.ts";
import { isLiving } from "./src/processes.ts";
import { addNode, createStack } from "./src/stack-console.ts";
import { signInStaff, untilStatus } from "./src/staff-api.ts";
import {
  createSite,
  pidOf,
  processesOf,
  removeSite,
  type Site,
  type System,
  startSystem,
  stopSystem,
} from "./src/system.ts";
import { until } from "./src/until.ts";

describe.skipIf(hasNoBrowser || !hasPocketBase)("kombify on PocketBase", () => {
  const stage = setTheStage({ isShared: false });
  let site: Site;
  let system: System;
  const ada = somebody("pocket");
  beforeAll(async () => {
    site = await createSite({ KOMBIFY_ENGINE: "pocketbase", POCKETBASE_BIN: process.env.POCKETBASE_BIN ?? "" });
    system = await startSystem(site);
  }, 180_000);
  afterAll(async () => {
    if (system) await stopSystem(system);
    await removeSite(site);
  });
  const pocketbase = async () => (await processesOf(site)).find(({ command }) => command.includes("serve --http"));

  test("a person signs up, launches, and runs a homelab that PocketBase holds", async () => {
    const { page } = await stage.visit();
    await signUp(page, system.cloudUrl, ada);
    await launch(page, system.stackUrl);
    await createStack(page, system.stackUrl, { name: "media", services: ["jellyfin"] });
    await page.getByText("Ready to deploy").waitFor();
    await addNode(page, { name: "nas", address: "192.168.1.20" });
    await page.getByRole("region", { name: "Nodes" }).getByText("192.168.1.20").waitFor();
    const [local] = await (await signInStaff(system)).instances();
    expect(local).toMatchObject({ name: "local", engine: "pocketbase", capacity: 100, health: "healthy" });
  });

  test("a PocketBase that is killed comes back by itself, with everything in it", async () => {
    const { page } = await stage.visit();
    await signIn(page, system.cloudUrl, ada);
    await launch(page, system.stackUrl);
    const killed = (await pocketbase())!.pid;
    process.kill(killed, "SIGKILL");
    await until("another PocketBase runs", async () => {
      const now = await pocketbase();
      return now !== undefined && now.pid !== killed;
    });
    await until("the stack is shown again", async () => (await page.goto(`${system.stackUrl}/stacks`))?.ok());
    await page.getByRole("link", { name: "media" }).first().waitFor();
  });

  test("an agent that is killed while it creates namespaces completes every one of them", async () => {
    const staff = await signInStaff(system);
    const people = Array.from({ length: 5 }, () => somebody("crash"));
    const answers = await Promise.all(people.map((person) => register(system.cloudUrl, person)));
    expect(answers.map(({ status }) => status)).toEqual(people.map(() => 201));
    const killed = await pidOf(system, "stack");
    process.kill(killed, "SIGKILL");
    await until("the agent is gone", async () => !(await isLiving(killed)));
    for (const { slug } of people) await untilStatus(staff, slug, "active");
    const [local] = await staff.instances();
    expect(local?.orphans).toEqual([]);
    expect((await processesOf(site)).filter(({ command }) => command.includes("serve --http"))).toHaveLength(1);
  });

  test("a second start keeps the data, and people launch into the same homelab", async () => {
    await stopSystem(system);
    system = await startSystem(site);
    const { page } = await stage.visit();
    await signIn(page, system.cloudUrl, ada);
    await launchButton(page).waitFor();
    await launch(page, system.stackUrl);
    await page.getByRole("link", { name: "media" }).first().waitFor();
    expect(await readyHeading(page, ada).count()).toBe(0);
  });
});
