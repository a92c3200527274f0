import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, describe, expect, test } from "vitest";
import { signInToAdmin } from "./src/admin.ts";
import { hasNoBrowser } from "./src/browser.ts";
import { type Host, pasteJoinCommand } from "./src/host.ts";
import { setTheStage } from "./src/journey.ts";
import { launch, register, signUp, somebody } from "./src/people.ts";
import { sharedSystem, stopSharedSystem } from "./src/shared-system.ts";
import { createStack } from "./src/stack-console.ts";
import { signInStaff, untilStatus } from "./src/staff-api.ts";
import { until } from "./src/until.ts";

/** The row of a table by the text of its first link; a cell by its column's header. */
const rowOf = (page: Page, name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });

describe.skipIf(hasNoBrowser)("the fleet", () => {
  const stage = setTheStage();
  const name = `second-${randomBytes(3).toString("hex")}`;
  let host: Host | undefined;

  afterAll(async () => {
    if (!host) return;
    await (await signInStaff(await sharedSystem())).cordon(name);
    await host.stop();
  });

  test("staff see what is wrong, what room is left, and for each host its heartbeat and desired beside applied", async () => {
    const { system } = stage;
    const person = somebody("seen");
    expect((await register(system.cloudUrl, person)).status).toBe(201);
    const { page } = await stage.visit();
    await signInToAdmin(page, system.adminUrl, system.staff);
    await page.getByRole("status").getByText("Live", { exact: true }).waitFor();

    await page.getByRole("navigation").getByRole("link", { name: "Instances" }).click();
    await page.getByRole("heading", { name: "Instances" }).waitFor();
    const local = rowOf(page, "local");
    await local.getByText("Connected").waitFor();
    await local.getByText(/heartbeat/).waitFor();
    await local.getByText(/of 1,000/).waitFor();

    await page.getByRole("navigation").getByRole("link", { name: "Tenants" }).click();
    // The page before has a search of its own, and stands until the address changes.
    await page.waitForURL(`${system.adminUrl}/tenants`);
    await page.getByRole("heading", { name: "Tenants", level: 1 }).waitFor();
    await page.getByRole("searchbox", { name: "Search" }).fill(person.email);
    await page.keyboard.press("Enter");
    await page.waitForURL(/search=/);
    const tenant = rowOf(page, person.homelab);
    await tenant.getByText("Active").waitFor();
    await tenant.getByRole("link", { name: "local" }).waitFor();
    await page.reload();
    await tenant.waitFor();
    expect(await page.getByRole("row").count(), "the search is in the address").toBe(2);
  });

  test("wrong staff credentials are refused, and a customer's session opens nothing in the Admin center", async () => {
    const { system } = stage;
    const { page } = await stage.visit();
    await signUp(page, system.cloudUrl, somebody("customer"));
    await page.goto(`${system.adminUrl}/tenants`);
    await page.waitForURL(/\/login/);
    await page.getByLabel("E-mail").fill(system.staff.email);
    await page.getByRole("textbox", { name: "Password" }).fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    expect((await page.request.get(`${system.adminUrl}/api/admin/tenants`)).status()).toBe(401);
  });

  test("a host is registered in the page, joins by the pasted command, and takes the next tenants as the emptier one", async () => {
    const { system } = stage;
    const { page } = await stage.visit();
    await signInToAdmin(page, system.adminUrl, system.staff);
    await page.goto(`${system.adminUrl}/instances/new`);
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Region").fill("the same desk");
    await page.getByRole("button", { name: "Register and get the command" }).click();
    await page.getByRole("heading", { name: `Join ${name}` }).waitFor();
    const command = await page.locator("pre").textContent();
    await page.getByText("Waiting for the agent").waitFor();

    const joined = page.getByText(`${name} has joined.`).waitFor({ timeout: 90_000 });
    [host] = await Promise.all([pasteJoinCommand(system, name, command!), joined]);
    await page.waitForURL(/\/instances\/[0-9a-f-]{36}$/);
    await page.getByText("Connected").first().waitFor();

    const staff = await signInStaff(system);
    const person = somebody("emptier");
    expect((await register(system.cloudUrl, person)).status).toBe(201);
    expect((await untilStatus(staff, person.slug, "active")).instance?.name).toBe(name);
    await page.getByRole("link", { name: person.homelab }).waitFor();
    expect(page.url()).not.toContain("kj1.");

    const again = await pasteJoinCommand(system, `${name}-thief`, command!).then(
      () => "joined",
      (error: unknown) => String(error),
    );
    expect(again, "a join token works once").toMatch(/did not come up/);
  });

  test("while the control plane is away a Stack goes on and says how old its state is; back again, it catches up", async () => {
    const { page, witness } = await stage.visit();
    const person = somebody("alone");
    await signUp(page, stage.system.cloudUrl, person);
    await launch(page, host!.url);
    await createStack(page, host!.url, { name: "before", services: ["traefik"] });

    await stopSharedSystem();
    await expect(fetch(stage.system.cloudUrl)).rejects.toThrow();
    await until("the Stack knows that it is alone", async () => {
      const { checks } = (await (await fetch(`${host!.url}/ready`)).json()) as {
        checks: Record<string, { detail?: string }>;
      };
      return checks.controlPlane?.detail?.startsWith("away") ?? false;
    });
    await page.goto(host!.url);
    await page.getByText("The portal cannot be reached from here.").waitFor();
    await page.getByText(/Showing the state of .+\./).waitFor();
    await createStack(page, host!.url, { name: "during", services: [] });
    await page.getByText("Ready to deploy").waitFor();
    const listed = await page.request.get(`${host!.url}/v1/stacks?sort=name`);
    expect((await listed.json()).items.map((stack: { name: string }) => stack.name)).toEqual(["before", "during"]);

    stage.system = await sharedSystem();
    await until(
      "the Stack is connected again",
      async () => {
        const { checks } = (await (await fetch(`${host!.url}/ready`)).json()) as {
          checks: Record<string, { detail?: string }>;
        };
        return checks.controlPlane?.detail === "connected";
      },
      30_000,
    );
    await page.goto(host!.url);
    expect(await page.getByText("The portal cannot be reached").count()).toBe(0);

    const staff = await signInStaff(stage.system);
    await until("both hosts are known to live", async () =>
      (await staff.instances())
        .filter(({ name: each }) => each === name || each === "local")
        .every(({ connection }) => connection === "connected"),
    );
    await staff.cordon("local");
    const newcomer = somebody("caughtup");
    try {
      expect((await register(stage.system.cloudUrl, newcomer)).status).toBe(201);
      expect((await untilStatus(staff, newcomer.slug, "active")).instance?.name).toBe(name);
    } finally {
      await staff.uncordon("local");
    }
    const { desiredRevision, appliedRevision } = await staff.instance(name);
    expect(appliedRevision).toBe(desiredRevision);
    expect(witness.refusals).toEqual([]);
  });
});
