/** What people do at the identity provider of a development system. */
import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";

export type ProviderPerson = { name: string; organisation: string; role: string };

/** Somebody new in an organisation of their own. */
export function somebodyThere(role = "owner"): ProviderPerson {
  const id = randomBytes(4).toString("hex");
  return { name: `Person ${id}`, organisation: `Org ${id}`, role };
}

/** From the log-in page of the portal through the provider; ends where the portal leads. */
export async function continueWithProvider(page: Page, cloudUrl: string, person: ProviderPerson): Promise<void> {
  await page.goto(`${cloudUrl}/login`);
  await page.getByRole("link", { name: "Continue with kombify ID" }).click();
  await sayWho(page, person);
  await page.waitForURL((url) => url.origin === cloudUrl);
}

/** On the provider's log-in page. */
export async function sayWho(page: Page, { name, organisation, role }: ProviderPerson): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Organisation").fill(organisation);
  await page.getByLabel("Role there").selectOption(role);
  await page.getByRole("button", { name: "Continue", exact: true }).click();
}

/** At the provider itself, not by way of the portal. */
export async function signOutAtProvider(page: Page, idpUrl: string): Promise<void> {
  await page.goto(`${idpUrl}/oidc/v1/end_session`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Signed out" }).waitFor();
}
