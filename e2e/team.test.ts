import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasNoBrowser } from "./src/browser.ts";
import { setTheStage } from "./src/journey.ts";
import { launch, launchButton, type Person, signUp, somebody } from "./src/people.ts";
import { until } from "./src/until.ts";

/** Invites by the page, and gives the link that the mail in the mailbox has. */
async function invite(page: Page, cloudUrl: string, owner: Person, email: string): Promise<string> {
  await page.goto(`${cloudUrl}/team`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: "Send the invitation" }).click();
  await page.getByText("The invitation is on its way.").waitFor();
  await page.goto(`${cloudUrl}/dev/mailbox`);
  await page.getByText("nothing is really sent").waitFor();
  const mail = page.getByRole("row").filter({ hasText: email }).getByRole("link");
  await mail.click();
  await page.getByRole("heading", { name: `invites you to ${owner.homelab}` }).waitFor();
  return (await page.getByRole("link", { name: "/invitations/" }).getAttribute("href"))!;
}

describe.skipIf(hasNoBrowser)("a team", () => {
  const stage = setTheStage();

  test("the invited person joins by the mail's link, launches, and is out the moment that the owner removes them", async () => {
    const { cloudUrl, stackUrl } = stage.system;
    const owner = somebody("team");
    const guest = somebody("guest");
    const { page: office } = await stage.visit();
    await signUp(office, cloudUrl, owner);
    const link = await invite(office, cloudUrl, owner, guest.email);
    expect(link.startsWith(`${cloudUrl}/invitations/`)).toBe(true);

    const { page: sofa, witness } = await stage.visit();
    await sofa.goto(link);
    await sofa.getByRole("heading", { name: `Join ${owner.homelab}` }).waitFor();
    expect(await sofa.getByLabel("E-mail").inputValue()).toBe(guest.email);
    await sofa.getByLabel("Your name").fill("Gwen Guest");
    await sofa.getByRole("textbox", { name: "Password" }).fill(guest.password);
    await sofa.getByRole("button", { name: "Create my account and join" }).click();
    await sofa.getByRole("heading", { name: owner.homelab }).waitFor();
    await sofa.getByRole("link", { name: "Team", exact: true }).click();
    await sofa.getByRole("heading", { name: "Team", exact: true }).waitFor();
    await sofa.getByText("Gwen Guest", { exact: true }).waitFor();
    await sofa.getByRole("link", { name: "Homelab", exact: true }).click();
    await launchButton(sofa).waitFor();
    await launch(sofa, stackUrl);

    await office.goto(`${cloudUrl}/team`);
    await office.getByRole("link", { name: "Remove Gwen Guest" }).click();
    await office.getByRole("button", { name: "Remove from the team" }).click();
    await office.getByText("Removed from the team.").waitFor();
    await office.getByText("Gwen Guest", { exact: true }).waitFor({ state: "detached" });
    const reachable = async () =>
      (await sofa.request.get(`${cloudUrl}/api/tenant/${owner.slug}`)).status() === 404 ? true : undefined;
    await until("the homelab is not found any more", reachable, 5_000);
    await sofa.goto(`${cloudUrl}/homelab`);
    await sofa.getByRole("heading", { name: "You have no homelab yet" }).waitFor();
    // The link has done its work once; what it answers is a page that says so, with the status of a refusal.
    expect((await sofa.request.get(link)).status()).toBe(409);
    expect(witness.faults).toEqual([]);
  });
});
