import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasNoBrowser } from "./src/browser.ts";
import { setTheStage } from "./src/journey.ts";
import { fillSignUp, launchButton, readyHeading, signIn, somebody, submitSignUp } from "./src/people.ts";
import { until } from "./src/until.ts";

/** More presses than any page has places to stop at. */
const MOST_STOPS = 40;

const focused = (page: Page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!(element instanceof HTMLElement)) return "";
    const label = element instanceof HTMLInputElement ? element.labels?.[0]?.textContent : undefined;
    return (label ?? element.getAttribute("aria-label") ?? element.textContent ?? "").trim();
  });

/** Presses Tab until the focus is on what has this text. @throws Error with every stop on the way. */
async function tabTo(page: Page, text: string): Promise<void> {
  const stops: string[] = [];
  for (let press = 0; press < MOST_STOPS; press++) {
    await page.keyboard.press("Tab");
    const stop = await focused(page);
    if (stop.startsWith(text)) return;
    stops.push(stop);
  }
  throw new Error(`The keyboard does not reach "${text}". It stopped at: ${stops.join(" | ")}`);
}

describe.skipIf(hasNoBrowser)("other ways than the mouse", () => {
  const stage = setTheStage();

  test("with the keyboard alone a person signs up, launches, and creates a stack; the focus is always visible", async () => {
    const { system } = stage;
    const { page } = await stage.visit();
    const person = somebody("keys");
    await page.goto(system.cloudUrl);
    await page.keyboard.press("Tab");
    expect(await focused(page)).toBe("Skip to the page");
    await tabTo(page, "Create my homelab");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
    expect(outline).not.toBe("none");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Create your homelab" }).waitFor();
    await tabTo(page, "E-mail");
    await page.keyboard.type(person.email);
    await tabTo(page, "Password");
    await page.keyboard.type(person.password);
    await tabTo(page, "Name of your homelab");
    await page.keyboard.type(person.homelab);
    await page.keyboard.press("Enter");
    await readyHeading(page, person).waitFor();
    await tabTo(page, "Launch my homelab");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.origin === system.stackUrl && url.pathname === "/");
    await tabTo(page, "New stack");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "New stack" }).waitFor();
    await tabTo(page, "Name");
    await page.keyboard.type("typed");
    await page.keyboard.press("Enter");
    await page.getByText("Created. Its first job is under way.").waitFor();
  });

  // React 18 gives up a document that suspends while it is hydrated when a key is pressed in that moment (error 345).
  test("keys that are pressed while a page loads do not keep its script from starting", async () => {
    const { page, witness } = await stage.visit();
    await page.addInitScript(() => {
      const { port1, port2 } = new MessageChannel();
      const startedAt = performance.now();
      port1.onmessage = () => {
        document.body?.dispatchEvent(new KeyboardEvent("keydown", { key: "Shift", bubbles: true }));
        if (performance.now() - startedAt < 3000) port2.postMessage(null);
      };
      port2.postMessage(null);
    });
    await page.goto(`${stage.system.cloudUrl}/signup`);
    await page.getByLabel("Name of your homelab").fill("While it loads");
    await page.getByText("/h/whileitloads").waitFor();
    expect(witness.faults).toEqual([]);
  });

  test("without JavaScript a person signs up, signs in, launches and creates a stack", async () => {
    const { system } = stage;
    const person = somebody("plain");
    const { page } = await stage.visit({ javaScriptEnabled: false });
    await fillSignUp(page, system.cloudUrl, person);
    await submitSignUp(page);
    await page.waitForURL("**/welcome*");
    await until("the page says that it is ready", async () => {
      await page.reload();
      return (await readyHeading(page, person).count()) > 0;
    });
    await page.getByRole("button", { name: "Sign out" }).first().click();
    await page.waitForURL((url) => url.pathname !== "/welcome");
    await signIn(page, system.cloudUrl, person);
    await launchButton(page).click();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.waitForURL((url) => url.origin === system.stackUrl && url.pathname === "/");
    await page.getByRole("link", { name: "New stack" }).first().click();
    await page.getByLabel("Name").fill("plain");
    await page.getByRole("button", { name: "Create stack" }).click();
    await page.getByText("Created. Its first job is under way.").waitFor();
  });

  test("a form that was refused without JavaScript says why and keeps what was typed", async () => {
    const { page } = await stage.visit({ javaScriptEnabled: false });
    await page.goto(`${stage.system.cloudUrl}/signup`);
    await page.getByLabel("E-mail").fill("not an address");
    await page.getByLabel("Name of your homelab").fill("Kept");
    await submitSignUp(page);
    await page.getByRole("alert").waitFor();
    expect(await page.getByLabel("E-mail").inputValue()).toBe("not an address");
    expect(await page.getByLabel("Name of your homelab").inputValue()).toBe("Kept");
  });
});
