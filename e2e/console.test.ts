import { describe, expect, test } from "vitest";
import { hasNoBrowser } from "./src/browser.ts";
import { setTheStage } from "./src/journey.ts";
import { launch, signUp, somebody } from "./src/people.ts";
import { addNode, createStack } from "./src/stack-console.ts";

describe.skipIf(hasNoBrowser)("the Stack console", () => {
  const stage = setTheStage();

  test("stacks and nodes are created, edited and deleted, and each change shows as a job that runs by itself", async () => {
    const { system } = stage;
    const { page, witness } = await stage.visit();
    const person = somebody("console");
    await signUp(page, system.cloudUrl, person);
    await launch(page, system.stackUrl);
    await page.getByRole("heading", { name: "No stacks yet" }).waitFor();
    await page.getByRole("heading", { name: "Nothing has happened yet" }).waitFor();

    await createStack(page, system.stackUrl, { name: "media", services: ["traefik", "jellyfin"] });
    await page.getByText("Ready to deploy").waitFor();
    const jobs = page.getByRole("region", { name: "Jobs" });
    await jobs.getByRole("listitem").filter({ hasText: 'Set up stack "media"' }).getByText("Done").waitFor();

    await addNode(page, { name: "nas", address: "192.168.1.20" });
    const nodes = page.getByRole("region", { name: "Nodes" });
    await nodes.getByText("192.168.1.20").waitFor();
    await page.getByRole("link", { name: "Edit nas" }).click();
    await page.getByLabel("Address").fill("192.168.1.21");
    await page.getByRole("button", { name: "Save changes" }).click();
    await nodes.getByText("192.168.1.21").waitFor();

    await page.getByText("Edit this stack").click();
    await page.getByLabel("Description").fill("Films and music");
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByText("Saved.").waitFor();
    await page.getByText("Films and music").first().waitFor();
    await jobs.getByRole("listitem").filter({ hasText: 'Update stack "media"' }).getByText("Done").waitFor();

    await page.getByRole("link", { name: "Edit nas" }).click();
    await page.getByText("Remove this node").click();
    await page.getByRole("button", { name: "Remove node" }).click();
    await page.getByText("Node removed.").waitFor();
    await nodes.getByText("No nodes yet").waitFor();

    await page.getByText("Delete this stack").click();
    await page.getByRole("button", { name: "Delete stack" }).click();
    await page.getByText("Type media exactly as it is written here.").first().waitFor();
    await page.getByLabel("Name of the stack").fill("media");
    await page.getByRole("button", { name: "Delete stack" }).click();
    await page.getByText("Deleted. The rest is cleaned up").waitFor();
    await page.getByRole("heading", { name: "No stacks yet" }).waitFor();

    await page.goto(`${system.stackUrl}/jobs`);
    await page.getByRole("listitem").filter({ hasText: 'Delete stack "media"' }).getByText("Done").waitFor();
    await page.getByRole("link", { name: 'Set up stack "media"' }).click();
    await page.getByRole("region", { name: "Steps" }).getByRole("listitem").first().waitFor();
    expect(witness.refusals.filter(({ status }) => status !== 400)).toEqual([]);
  });

  test("a person sees nothing of a neighbour on the same host, whatever is asked for by address or header", async () => {
    const { system } = stage;
    const [owner, neighbour] = [await stage.visit(), await stage.visit()];
    const [ann, bob] = [somebody("ann"), somebody("bob")];
    await signUp(owner.page, system.cloudUrl, ann);
    await launch(owner.page, system.stackUrl);
    const address = await createStack(owner.page, system.stackUrl, { name: "private", services: [] });
    await signUp(neighbour.page, system.cloudUrl, bob);
    await launch(neighbour.page, system.stackUrl);

    const id = address.split("/").at(-1);
    expect((await neighbour.page.goto(`${system.stackUrl}/stacks/${id}`))?.status()).toBe(404);
    const asked = await neighbour.page.request.get(`${system.stackUrl}/v1/stacks/${id}`, {
      headers: { "x-tenant-id": ann.slug },
    });
    expect(asked.status()).toBe(404);
    const listed = await neighbour.page.request.get(`${system.stackUrl}/v1/stacks`);
    expect(await listed.json()).toMatchObject({ items: [] });
  });

  test("what a form refuses is said beside the field, and everything that was typed is kept", async () => {
    const { system } = stage;
    const { page } = await stage.visit();
    await signUp(page, system.cloudUrl, somebody("forms"));
    await launch(page, system.stackUrl);
    await createStack(page, system.stackUrl, { name: "media", services: [] });
    await page.goto(`${system.stackUrl}/stacks/new`);
    await page.getByLabel("Name").fill("Media");
    await page.getByLabel("Services").fill("grafana");
    await page.getByLabel("Configuration").fill("{ not json");
    await page.getByRole("button", { name: "Create stack" }).click();
    await page.getByRole("alert").getByRole("link", { name: "Configuration" }).waitFor();
    expect(await page.getByLabel("Configuration").getAttribute("aria-invalid")).toBe("true");
    expect(await page.getByLabel("Services").inputValue()).toBe("grafana");
    await page.getByLabel("Configuration").fill('{ "domain": "home.example" }');
    await page.getByRole("button", { name: "Create stack" }).click();
    await page.getByRole("alert").getByRole("link", { name: "Name" }).waitFor();
    expect(await page.getByLabel("Name").inputValue()).toBe("Media");
    await page.getByLabel("Name").fill("monitoring");
    await page.getByRole("button", { name: "Create stack" }).click();
    await page.getByText("Created. Its first job is under way.").waitFor();
  });
});
