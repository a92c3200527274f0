import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Secret, TOTP } from "otpauth";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasNoBrowser } from "./src/browser.ts";
import { setTheStage } from "./src/journey.ts";
import { openMail } from "./src/mail.ts";
import { type Person, register, signIn, somebody } from "./src/people.ts";
import { addressesIn } from "./src/witness.ts";

const STEP_MS = 30_000;

/** The code that the person's phone shows. Each is taken once, so a journey that signs in again waits for the next. */
const codeAt = (secret: string, timestamp: number) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp });

async function firstStep(page: Page, cloudUrl: string, person: Person): Promise<void> {
  await page.goto(`${cloudUrl}/login`);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("textbox", { name: "Password" }).fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}
async function secondStep(page: Page, code: string): Promise<void> {
  await page.getByRole("heading", { name: "Enter your code" }).waitFor();
  await page.getByLabel("Code").fill(code);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/homelab*");
}
const signOut = async (page: Page) => {
  await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
  await page.getByRole("link", { name: "Sign in" }).first().waitFor();
};

describe.skipIf(hasNoBrowser)("one's own account", () => {
  const stage = setTheStage();

  test("two-step sign-in is set up, asked for, and answered by the phone or a recovery code", async () => {
    const { cloudUrl } = stage.system;
    const { page, witness } = await stage.visit();
    const person = somebody("steps");
    await register(cloudUrl, person);
    await signIn(page, cloudUrl, person);
    await page.goto(`${cloudUrl}/settings/security`);
    await page.getByRole("link", { name: "Set it up" }).click();
    await page.getByRole("textbox", { name: "Your password" }).fill(person.password);
    await page.getByRole("button", { name: "Set it up" }).click();
    const key = page.getByLabel("Key for your authenticator app");
    await key.waitFor();
    const secret = (await key.textContent())!.replaceAll(" ", "");
    const picture = page.getByRole("img", { name: "QR code" });
    expect(await picture.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 0)).toBe(true);
    const enrolledAt = Date.now();
    await page.getByLabel("Code", { exact: true }).fill(codeAt(secret, enrolledAt));
    await page.getByRole("button", { name: "Turn it on" }).click();
    const codes = page.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
    await codes.first().waitFor();
    expect(await codes.count()).toBe(10);
    const [first = ""] = await codes.allTextContents();
    await page.getByRole("link", { name: "I have kept them" }).click();
    await page.getByText("10 are left").waitFor();
    await signOut(page);

    await firstStep(page, cloudUrl, person);
    // Not the code that turned it on: the one after it, which a phone may show a step ahead.
    await secondStep(page, codeAt(secret, Math.max(Date.now(), enrolledAt + STEP_MS)));
    await signOut(page);
    await firstStep(page, cloudUrl, person);
    await page.getByLabel("Code").fill("000000");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").waitFor();
    await secondStep(page, first);
    await page.goto(`${cloudUrl}/settings/security`);
    await page.getByText("Recovery codes left: 9.").waitFor();
    const addresses = await addressesIn(witness);
    expect(addresses.filter((address) => [secret, first, person.password].some((it) => address.includes(it)))).toEqual(
      [],
    );
  });

  test("a browser that is signed out from another one is signed out at once", async () => {
    const { cloudUrl } = stage.system;
    const person = somebody("revoke");
    await register(cloudUrl, person);
    const { page: here } = await stage.visit();
    const { page: there } = await stage.visit();
    await signIn(here, cloudUrl, person);
    await signIn(there, cloudUrl, person);
    await here.goto(`${cloudUrl}/settings/security`);
    const list = here.getByRole("listitem").filter({ hasText: "Chrome" });
    await list.filter({ hasText: "This browser" }).waitFor();
    await list.filter({ hasNotText: "This browser" }).getByRole("button", { name: "Sign out" }).first().click();
    await here.getByText("That browser is signed out.").waitFor();
    await there.goto(`${cloudUrl}/homelab`);
    await there.waitForURL("**/login*");
    await here.reload();
    await here.getByText("Where you are signed in").waitFor();
  });

  test("a forgotten password is replaced through the link of a mail, and the link is in no log and no referrer", async () => {
    const { system } = stage;
    const { page, witness } = await stage.visit();
    const person = somebody("forgot");
    await register(system.cloudUrl, person);
    const { page: elsewhere } = await stage.visit();
    await signIn(elsewhere, system.cloudUrl, person);
    await page.goto(`${system.cloudUrl}/login`);
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    // The page that is left has a field of this name, too.
    await page.getByRole("heading", { name: "Forgot your password?" }).waitFor();
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByRole("button", { name: "Mail me a link" }).click();
    await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
    const { page: mailbox } = await stage.visit();
    const text = await openMail(mailbox, system.cloudUrl, person.email, "Choose a new password");
    const link = /https?:\/\/\S+\/reset\/\S+/.exec(text)![0];
    const answer = await page.goto(link);
    expect(answer?.headers()).toMatchObject({ "cache-control": "no-store", "referrer-policy": "strict-origin" });
    const changed = { ...person, password: `${person.password} again` };
    await page.getByRole("textbox", { name: "Password" }).fill(changed.password);
    await page.getByRole("button", { name: "Set the password" }).click();
    await page.getByText("Your password is changed").waitFor();
    await elsewhere.goto(`${system.cloudUrl}/homelab`);
    await elsewhere.waitForURL("**/login*");
    await signIn(page, system.cloudUrl, changed);
    const token = link.split("/").at(-1)!;
    const referrers = await Promise.all(witness.requests.map(async (each) => (await each.allHeaders()).referer ?? ""));
    expect(referrers.filter((referrer) => referrer.includes(token))).toEqual([]);
    expect(await readFile(join(system.site.home, "logs", "cloud.log"), "utf8")).not.toContain(token);
  });
});
