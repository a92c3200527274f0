import { describe, expect, test } from "vitest";
import { hasNoBrowser } from "./src/browser.ts";
import { setTheStage } from "./src/journey.ts";
import { fillSignUp, launch, launchButton, readyHeading, signUp, somebody, submitSignUp } from "./src/people.ts";
import { pidOf } from "./src/system.ts";
import { addressesIn } from "./src/witness.ts";

/** What a person waits from sending the form until the homelab can be launched. */
const READY_WITHIN_MS = 2000;

describe.skipIf(hasNoBrowser)("signing up", () => {
  const stage = setTheStage();

  test("a homelab can be launched within 2 s of signing up", async () => {
    const { page } = await stage.visit();
    const warmUp = somebody("warm");
    await signUp(page, stage.system.cloudUrl, warmUp);
    const { page: fresh } = await stage.visit();
    const person = somebody("quick");
    await fillSignUp(fresh, stage.system.cloudUrl, person);
    const startedAt = performance.now();
    await submitSignUp(fresh);
    await readyHeading(fresh, person).waitFor();
    await launchButton(fresh).waitFor();
    expect(performance.now() - startedAt).toBeLessThan(READY_WITHIN_MS);
  });

  test("each step appears by itself while the host works, over one event stream, and survives a reload", async () => {
    const { page, witness } = await stage.visit();
    const person = somebody("live");
    const agent = await pidOf(stage.system, "stack");
    process.kill(agent, "SIGSTOP");
    try {
      await fillSignUp(page, stage.system.cloudUrl, person);
      await submitSignUp(page);
      const steps = page.getByRole("list", { name: "Setting up your homelab" });
      await steps.getByText("Place found").waitFor();
      await steps.locator("[aria-current=step]", { hasText: "Set up your own storage" }).waitFor();
      await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
      expect(await launchButton(page).count()).toBe(0);

      await page.reload();
      await page.getByRole("status").getByText("Live", { exact: true }).waitFor();
      await steps.locator("[aria-current=step]", { hasText: "Set up your own storage" }).waitFor();
    } finally {
      process.kill(agent, "SIGCONT");
    }
    const documentsBefore = witness.requests.filter((request) => request.resourceType() === "document").length;
    await readyHeading(page, person).waitFor();
    await page.getByText("Ready to launch").waitFor();
    const documents = witness.requests.filter((request) => request.resourceType() === "document").length;
    expect(documents, "the page changed without being loaded again").toBe(documentsBefore);
    const streams = witness.requests.filter((request) => request.resourceType() === "eventsource");
    expect(streams.map((request) => new URL(request.url()).pathname)).toContain("/trpc/tenants.watch");
  });

  test("launching lands in the Stack signed in, and no secret is in any address or referrer", async () => {
    const { system } = stage;
    const { page, witness } = await stage.visit();
    const person = somebody("launch");
    await signUp(page, system.cloudUrl, person);
    await launch(page, system.stackUrl);
    await page.getByText(person.email).first().waitFor();

    const posted = witness.requests.find((request) => request.url() === `${system.stackUrl}/sso/callback`);
    expect(posted?.method()).toBe("POST");
    const ticket = new URLSearchParams(posted?.postData() ?? "").get("ticket");
    expect(ticket).toMatch(/^[\w-]{40,}$/);
    const cookies = await page.context().cookies();
    expect(cookies.filter((cookie) => cookie.httpOnly).map((cookie) => cookie.name)).toContain("kombify_cloud");
    expect(cookies.filter((cookie) => cookie.name.startsWith("__Host-kombify_stack_"))).toMatchObject([
      { httpOnly: true, secure: true, path: "/" },
    ]);
    const secrets = [ticket!, person.password, ...cookies.map((cookie) => cookie.value)];
    const addresses = await addressesIn(witness);
    expect(addresses.length).toBeGreaterThan(10);
    expect(
      addresses.filter((address) => secrets.some((secret) => decodeURIComponent(address).includes(secret))),
    ).toEqual([]);
    expect(addresses.filter((address) => /[?&#](token|ticket|code|jwt|session)=/i.test(address))).toEqual([]);
  });
});
