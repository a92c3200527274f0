import type { Page } from "playwright-core";

/** Signs in to the Admin center, and waits for its first page. */
export async function signInToAdmin(
  page: Page,
  adminUrl: string,
  who: { email: string; password: string },
): Promise<void> {
  await page.goto(adminUrl);
  await page.getByLabel("E-mail").fill(who.email);
  await page.getByRole("textbox", { name: "Password" }).fill(who.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Fleet" }).waitFor();
}
