import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasNoBrowser } from "./src/browser.ts";
import { setTheStage } from "./src/journey.ts";
import {
  fillSignUp,
  launch,
  launchButton,
  readyHeading,
  register,
  signUp,
  somebody,
  submitSignUp,
} from "./src/people.ts";
import { signInStaff, untilStatus } from "./src/staff-api.ts";

/** The text that a screen reader reads with a field, its error included. */
async function descriptionOf(page: Page, label: string): Promise<string> {
  const field = page.getByRole("textbox", { name: label });
  expect(await field.getAttribute("aria-invalid"), `${label} is marked`).toBe("true");
  const ids = ((await field.getAttribute("aria-describedby")) ?? "").split(" ").filter(Boolean);
  const texts = await Promise.all(ids.map((id) => page.locator(`[id="${id}"]`).textContent()));
  return texts.join(" ");
}

describe.skipIf(hasNoBrowser)("refused input", () => {
  const stage = setTheStage();

  test("a sign-up form says beside each field what is missing, takes the focus to it, and keeps what was typed", async () => {
    const { page } = await stage.visit();
    await page.goto(`${stage.system.cloudUrl}/signup`);
    await submitSignUp(page);
    await page.getByRole("alert").waitFor();
    expect(await descriptionOf(page, "E-mail")).toMatch(/e-mail/i);
    expect(await descriptionOf(page, "Password")).toMatch(/10 characters/);
    expect(await page.getByRole("alert").evaluate((box) => box.contains(document.activeElement))).toBe(true);

    const taken = somebody("taken");
    expect((await register(stage.system.cloudUrl, taken)).status).toBe(201);
    await fillSignUp(page, stage.system.cloudUrl, { ...somebody(), email: taken.email, homelab: "Second try" });
    await submitSignUp(page);
    await page.getByRole("alert").waitFor();
    expect(await descriptionOf(page, "E-mail")).toMatch(/already|sign in/i);
    expect(await page.getByLabel("E-mail").inputValue()).toBe(taken.email);
    expect(await page.getByLabel("Name of your homelab").inputValue()).toBe("Second try");
  });

  test("a wrong password and an unknown e-mail are refused in the same words", async () => {
    const { page } = await stage.visit();
    const known = somebody("known");
    expect((await register(stage.system.cloudUrl, known)).status).toBe(201);
    const answers: (string | null)[] = [];
    for (const email of [known.email, somebody("nobody").email]) {
      await page.goto(`${stage.system.cloudUrl}/login`);
      await page.getByLabel("E-mail").fill(email);
      await page.getByRole("textbox", { name: "Password" }).fill("not the password");
      await page.getByRole("button", { name: "Sign in" }).click();
      answers.push(await page.getByRole("alert").textContent());
      expect(await page.getByLabel("E-mail").inputValue()).toBe(email);
    }
    expect(answers[0]).toBe(answers[1]);
    expect(answers[0]?.length).toBeGreaterThan(10);
  });

  test("a taken address is said while the name is typed, and the homelab gets one like it", async () => {
    const { page } = await stage.visit();
    const first = somebody("same");
    expect((await register(stage.system.cloudUrl, first)).status).toBe(201);
    const second = { ...somebody("other"), homelab: first.homelab };
    await fillSignUp(page, stage.system.cloudUrl, second);
    await page.getByText(`${first.slug} is not free.`).waitFor();
    await submitSignUp(page);
    await readyHeading(page, second).waitFor();
    const slug = new URL(page.url()).searchParams.get("tenant");
    expect(slug).not.toBe(first.slug);
    expect(slug?.startsWith(first.slug.slice(0, 10))).toBe(true);
  });

  test("a double click and a form that is sent twice make one account and one homelab", async () => {
    const { page, witness } = await stage.visit();
    const person = somebody("double");
    await fillSignUp(page, stage.system.cloudUrl, person);
    await page.getByRole("button", { name: "Create my homelab" }).dblclick();
    await readyHeading(page, person).waitFor();
    expect(witness.refusals).toEqual([]);
    await page.goto(`${stage.system.cloudUrl}/homelab`);
    await page.getByRole("heading", { name: person.homelab }).waitFor();
    expect(await page.getByRole("combobox", { name: "Homelab" }).count(), "no choice between several").toBe(0);
  });

  test("a ticket works once: posted again it signs nobody in and the page shows the way", async () => {
    const { system } = stage;
    const { page, witness } = await stage.visit();
    await signUp(page, system.cloudUrl, somebody("ticket"));
    await launch(page, system.stackUrl);
    const posted = witness.requests.find((request) => request.url() === `${system.stackUrl}/sso/callback`);
    const ticket = new URLSearchParams(posted?.postData() ?? "").get("ticket");

    const { page: thief } = await stage.visit();
    await thief.route(`${system.cloudUrl}/replay`, (route) =>
      route.fulfill({
        contentType: "text/html",
        headers: { "referrer-policy": "strict-origin" },
        body: `<form method="post" action="${system.stackUrl}/sso/callback"><input name="ticket" value="${ticket}"><button>Send</button></form>`,
      }),
    );
    await thief.goto(`${system.cloudUrl}/replay`);
    await thief.getByRole("button", { name: "Send" }).click();
    await thief.getByRole("heading", { name: "This launch has run out" }).waitFor();
    await thief.getByRole("link", { name: "Go to the portal" }).waitFor();
    expect((await thief.context().cookies(system.stackUrl)).map(({ name }) => name)).toEqual([]);
    await page.goto(`${system.stackUrl}/sso/callback`);
    await page.getByRole("heading", { level: 1 }).waitFor();
  });

  test("with no room a homelab waits visibly, and is placed by itself when room appears", async () => {
    const { system } = stage;
    const staff = await signInStaff(system);
    const open = (await staff.instances()).filter(({ cordonedAt }) => cordonedAt === null);
    const { page } = await stage.visit();
    const person = somebody("queue");
    try {
      for (const { name } of open) await staff.cordon(name);
      await fillSignUp(page, system.cloudUrl, person);
      await submitSignUp(page);
      await page.getByText("You are in the queue").waitFor();
      expect(await launchButton(page).count()).toBe(0);
      await page.goto(`${system.cloudUrl}/homelab`);
      await page.getByText("You are in the queue").waitFor();
      const refused = await page.request.post(`${system.cloudUrl}/api/tenant/launch`, { data: {} });
      expect(refused.status()).toBe(409);
      expect(await refused.json()).toMatchObject({
        code: "PRECONDITION",
        detail: expect.stringMatching(/waits for room/),
      });
    } finally {
      for (const { name } of open) await staff.uncordon(name);
    }
    await launchButton(page).waitFor();
    await untilStatus(staff, person.slug, "active");
  });
});
