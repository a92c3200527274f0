/** What people do in the portal, by what they see: labels, buttons, headings. */
import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";

export type Person = { email: string; password: string; homelab: string; slug: string; name?: string };

/** Somebody new. The name of the homelab is also its address, so that journeys never meet. */
export function somebody(name = "lab"): Person {
  const id = randomBytes(4).toString("hex");
  const homelab = `${name}${id}`;
  return { email: `${homelab}@example.org`, password: `correct horse ${id}`, homelab, slug: homelab.toLowerCase() };
}

export async function fillSignUp(page: Page, cloudUrl: string, person: Person): Promise<void> {
  await page.goto(`${cloudUrl}/signup`);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("textbox", { name: "Password" }).fill(person.password);
  await page.getByLabel("Name of your homelab").fill(person.homelab);
}

export const submitSignUp = (page: Page) => page.getByRole("button", { name: "Create my homelab" }).click();
export const readyHeading = (page: Page, { homelab }: Person) =>
  page.getByRole("heading", { name: `${homelab} is ready` });
export const launchButton = (page: Page) => page.getByRole("button", { name: "Launch my homelab" });

/** Signs up and waits until the homelab is ready; ends on the page that has the launch button. */
export async function signUp(page: Page, cloudUrl: string, person: Person): Promise<void> {
  await fillSignUp(page, cloudUrl, person);
  await submitSignUp(page);
  await readyHeading(page, person).waitFor();
}

/** Presses launch and waits until the Stack's console is there. */
export async function launch(page: Page, stackUrl: string): Promise<void> {
  await launchButton(page).click();
  await page.waitForURL((url) => url.origin === stackUrl && !url.pathname.startsWith("/sso"));
}

export async function signIn(page: Page, cloudUrl: string, person: Person): Promise<void> {
  await page.goto(`${cloudUrl}/login`);
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByRole("textbox", { name: "Password" }).fill(person.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/homelab*");
}

/** Registers over HTTP, for journeys that are about something else. */
export async function register(cloudUrl: string, person: Person): Promise<Response> {
  const { email, password, homelab, name } = person;
  return fetch(`${cloudUrl}/api/auth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password, tenantName: homelab, name }),
  });
}
