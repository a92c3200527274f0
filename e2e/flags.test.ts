import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { signInToAdmin } from "./src/admin.ts";
import { hasNoBrowser } from "./src/browser.ts";
import { addOperator } from "./src/by-sql.ts";
import { setTheStage } from "./src/journey.ts";
import { register, somebody } from "./src/people.ts";
import { signInStaff, untilStatus } from "./src/staff-api.ts";

const tab = (page: Page, name: RegExp) =>
  page.getByRole("navigation", { name: /^Parts of/ }).getByRole("link", { name });
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const heading = (page: Page, name: string) => page.getByRole("heading", { name, exact: true });

/** Makes a flag that is on or off, and off by default. */
async function makeFlag(page: Page, adminUrl: string, key: string, { isSensitive = false } = {}): Promise<void> {
  await page.goto(`${adminUrl}/flags/new`);
  await page.getByLabel("Key", { exact: true }).fill(key);
  if (isSensitive) await page.getByLabel(/^Sensitive/).check();
  await page.getByRole("button", { name: /^Make the flag|^Create|^Make/ }).click();
}

describe.skipIf(hasNoBrowser)("a flag in the Admin center", () => {
  const stage = setTheStage();
  const run = randomBytes(3).toString("hex");

  test("is made, aimed at a share of a plan, looked at before it is saved, tried, killed, restored and taken back", async () => {
    const { system } = stage;
    const { adminUrl, cloudUrl } = system;
    const person = somebody("flagged");
    expect((await register(cloudUrl, person)).status).toBe(201);
    await untilStatus(await signInStaff(system), person.slug, "active");
    const { page } = await stage.visit();
    await signInToAdmin(page, adminUrl, system.staff);
    const key = `shares-${run}`;
    await makeFlag(page, adminUrl, key);
    await page.waitForURL(`${adminUrl}/flags/${key}`);
    await page.getByText("Live", { exact: true }).waitFor();

    // A rule: nearly all of those on Free; then what it would change, and for how many.
    await button(page, "Add a rule").click();
    const rule = page.getByRole("group", { name: "Rule 1", exact: true });
    await rule.getByLabel("Attribute of condition 1").fill("plan");
    await rule.getByLabel("Value of condition 1").fill("free");
    await rule.getByLabel("Give", { exact: true }).selectOption("split");
    await rule.getByLabel("Percent of on").fill("99.999");
    await rule.getByLabel("Percent of off").fill("0");
    await button(page, "Review the changes").click();
    await page.getByRole("alert").getByRole("listitem").getByText("0.001 % are missing").waitFor();
    await rule.getByLabel("Percent of off").fill("0.001");
    await button(page, "Review the changes").click();
    await heading(page, "What changes").waitFor();
    await heading(page, "Who gets something else").waitFor();
    const effects = page.getByRole("region", { name: "Who gets something else" });
    await effects.getByRole("listitem").filter({ hasText: "homelab" }).first().waitFor();
    await page.getByRole("textbox", { name: "Note" }).fill("Nearly everybody on Free");
    await button(page, "Save").click();
    await page.getByRole("status").getByText("Saved as version 2").waitFor();

    // The local instance says that it has it, by itself.
    await tab(page, /^Rollout/).click();
    await page.getByRole("row", { name: /local/ }).getByText("Has it").waitFor({ timeout: 60_000 });

    // As this homelab: the rule, and the place on the shares.
    await tab(page, /^Playground/).click();
    await page.getByRole("textbox", { name: "Homelab" }).fill(person.slug);
    await button(page, "Try it").click();
    await page.waitForURL(/playground\?tenant=/);
    await page.getByText("Rule 1", { exact: true }).waitFor();
    await page.getByText(/falls on [\d.]+ %, always/).waitFor();
    await page.getByText("SPLIT", { exact: true }).waitFor();

    // Killed with a reason, which stands above every tab until it is restored.
    await page.getByRole("link", { name: "Kill…" }).click();
    await page.getByText("Everybody gets off, at once").waitFor();
    await page.getByRole("textbox", { name: "Why" }).fill("The shares are wrong");
    await button(page, "Kill it now").click();
    await page.getByText("Why: The shares are wrong").waitFor();
    await page.getByRole("link", { name: "Restore…" }).click();
    await button(page, "Restore it").click();
    await page.getByText("is restored: its rules decide again").waitFor();

    // Back to how it was made: what that changes stands there first.
    await tab(page, /^History/).click();
    await page.getByText("“Nearly everybody on Free”").waitFor();
    await page.getByRole("link", { name: "Go back to version 1…" }).click();
    await heading(page, "Go back to version 1?").waitFor();
    await page.getByRole("textbox", { name: "Note" }).fill("Not yet");
    await button(page, "Go back to version 1").click();
    await page.getByRole("status").getByText("again as it was in version 1").waitFor();
    await tab(page, /^Rules/).click();
    await page.getByText("No rule: everybody gets what stands below.").waitFor();
  });

  test("that is sensitive changes when a second person has approved it, and the first one cannot", async () => {
    const { system } = stage;
    const { adminUrl } = system;
    const second = await addOperator(system);
    const [first, other] = [(await stage.visit()).page, (await stage.visit()).page];
    await signInToAdmin(first, adminUrl, system.staff);
    await signInToAdmin(other, adminUrl, second);
    const key = `sensitive-${run}`;
    const waiting = (page: Page) => page.getByRole("article").filter({ hasText: key });
    await makeFlag(first, adminUrl, key, { isSensitive: true });
    await first.waitForURL(`${adminUrl}/flags/changes`);
    await waiting(first).waitFor();
    expect(await waiting(first).getByRole("button", { name: "Approve" }).count()).toBe(0);
    await other.goto(`${adminUrl}/flags/changes`);
    await waiting(other).getByRole("button", { name: "Approve" }).click();
    await waiting(other).waitFor({ state: "detached" });

    await first.goto(`${adminUrl}/flags/${key}`);
    // What is chosen in the moment in which the page's script takes the form over is put back, visibly.
    await first.getByText("Live", { exact: true }).waitFor();
    await first.getByLabel("Default variant").selectOption({ label: "on" });
    await button(first, "Review the changes").click();
    await button(first, "Ask for approval").click();
    await first.getByText("A change waits", { exact: true }).waitFor();
    expect(await first.getByLabel("Default variant").inputValue()).toBe("v2");
    await other.goto(`${adminUrl}/flags/changes`);
    await waiting(other).getByRole("button", { name: "Approve" }).click();
    // The page of the first one hears of it.
    await first.getByText("A change waits", { exact: true }).waitFor({ state: "detached" });
    await first.getByText(/^2, /).waitFor();
  });
});
