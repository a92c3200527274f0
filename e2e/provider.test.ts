import { describe, expect, test } from "vitest";
import { hasNoBrowser } from "./src/browser.ts";
import { continueWithProvider, sayWho, signOutAtProvider, somebodyThere } from "./src/identity-provider.ts";
import { setTheStage } from "./src/journey.ts";
import { launch, launchButton, signIn, signUp, somebody } from "./src/people.ts";
import { addressesIn } from "./src/witness.ts";

describe.skipIf(hasNoBrowser)("an identity provider", () => {
  const stage = setTheStage();

  test("leads into the homelab of one's organisation and on into the Stack; signing out there ends the session here", async () => {
    const { cloudUrl, stackUrl, idpUrl } = stage.system;
    const { page, witness } = await stage.visit();
    const person = somebodyThere();
    await continueWithProvider(page, cloudUrl, person);
    await page.getByRole("heading", { name: `${person.organisation} is ready` }).waitFor();
    await launch(page, stackUrl);
    await page.getByText(person.name).first().waitFor();

    // The code was in one address, once, and no page was told of it.
    const addresses = await addressesIn(witness);
    const withCode = addresses.filter((address) => /[?&]code=/.test(address));
    expect(withCode.map((address) => new URL(address).pathname)).toEqual(["/api/auth/oidc/callback"]);

    await signOutAtProvider(page, idpUrl);
    await page.goto(`${cloudUrl}/homelab`);
    await page.waitForURL("**/login?next=%2Fhomelab");
  });

  test("somebody who cancels is told so and can go on with a password", async () => {
    const { cloudUrl } = stage.system;
    const { page } = await stage.visit();
    await page.goto(`${cloudUrl}/signup`);
    await page.getByRole("link", { name: "Continue with kombify ID" }).click();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("You did not sign in at kombify ID").waitFor();
    expect(await page.getByLabel("E-mail").count()).toBe(1);
  });

  test.each([true, false])("signing out here signs out there too (with script: %s)", async (javaScriptEnabled) => {
    const { cloudUrl } = stage.system;
    const { page } = await stage.visit({ javaScriptEnabled });
    const person = somebodyThere();
    await continueWithProvider(page, cloudUrl, person);
    await page.goto(`${cloudUrl}/settings`);
    await page.getByRole("button", { name: "Sign out" }).click();
    // Without script the provider shows a button for what it does by itself otherwise.
    if (!javaScriptEnabled) await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${cloudUrl}/`);
    await page.goto(`${cloudUrl}/login`);
    await page.getByRole("link", { name: "Continue with kombify ID" }).click();
    await page.getByRole("heading", { name: "Continue as" }).waitFor();
  });

  test.each([true, false])(
    "is connected in the settings and opens the account then (with script: %s)",
    async (javaScriptEnabled) => {
      const { cloudUrl } = stage.system;
      const owner = somebody("connect");
      const { page: first } = await stage.visit();
      await signUp(first, cloudUrl, owner);
      const { page } = await stage.visit({ javaScriptEnabled });
      await signIn(page, cloudUrl, owner);
      await page.goto(`${cloudUrl}/settings/connections`);
      await page.getByRole("button", { name: "Connect kombify ID" }).click();
      const person = somebodyThere();
      await sayWho(page, person);
      await page.getByText("kombify ID is connected").waitFor();
      expect(await page.getByRole("button", { name: "Disconnect kombify ID" }).count()).toBe(1);
      const { page: elsewhere } = await stage.visit();
      await continueWithProvider(elsewhere, cloudUrl, person);
      await elsewhere.goto(`${cloudUrl}/homelab?tenant=${owner.slug}`);
      await launchButton(elsewhere).waitFor();
    },
  );
});
