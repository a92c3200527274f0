import type { Page } from "playwright-core";

/** The text of the newest mail of this subject to somebody, from the mailbox of a developer's machine. */
export async function openMail(page: Page, cloudUrl: string, recipient: string, subject: string): Promise<string> {
  await page.goto(`${cloudUrl}/dev/mailbox`);
  const row = page.getByRole("row").filter({ hasText: recipient });
  await row.getByRole("link", { name: subject }).first().click();
  await page.waitForURL("**/dev/mailbox/*");
  await page.getByRole("heading", { level: 1, name: subject }).waitFor();
  return (await page.locator("main").textContent()) ?? "";
}
