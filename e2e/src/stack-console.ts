/** What people do in the Stack console. */
import type { Page } from "playwright-core";

/** @returns the address of the stack's page, where this ends. */
export async function createStack(
  page: Page,
  stackUrl: string,
  stack: { name: string; services: string[]; description?: string },
): Promise<string> {
  await page.goto(`${stackUrl}/stacks/new`);
  await page.getByLabel("Name").fill(stack.name);
  if (stack.description) await page.getByLabel("Description").fill(stack.description);
  await page.getByLabel("Services").fill(stack.services.join("\n"));
  await page.getByRole("button", { name: "Create stack" }).click();
  await page.getByText("Created. Its first job is under way.").waitFor();
  const { origin, pathname } = new URL(page.url());
  return `${origin}${pathname}`;
}

/** From a stack's page. */
export async function addNode(page: Page, node: { name: string; role?: string; address?: string }): Promise<void> {
  await page.getByRole("link", { name: "Add node" }).click();
  await page.getByLabel("Name").fill(node.name);
  if (node.role) await page.getByLabel("Role").selectOption(node.role);
  if (node.address) await page.getByLabel("Address").fill(node.address);
  await page.getByRole("button", { name: "Add node" }).click();
  await page.getByText("Node added.").waitFor();
}
