import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { signInToAdmin } from "./src/admin.ts";
import { hasNoBrowser } from "./src/browser.ts";
import { HAND_WRITTEN_FLAG, KILLED_FLAG, makeFlags, SHOWN_FLAG, SHOWN_SEGMENT } from "./src/demo-flags.ts";
import { continueWithProvider, somebodyThere } from "./src/identity-provider.ts";
import { setTheStage } from "./src/journey.ts";
import { launch, signUp, somebody } from "./src/people.ts";
import { addNode, createStack } from "./src/stack-console.ts";
import { signInStaff } from "./src/staff-api.ts";
import { until } from "./src/until.ts";

const SCHEMES = ["light", "dark"] as const;

/** What axe finds serious or critical on a page, in words that lead to the place. */
async function faultsOf(page: Page, where: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${where}: ${id} (${help}) at ${target.join(" ")}`));
}

/** Opens each page in both colour schemes, at the width of a desk and of a small phone. */
async function inspect(page: Page, addresses: string[]): Promise<string[]> {
  const faults: string[] = [];
  for (const address of addresses) {
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto(address);
      await page.getByRole("heading", { level: 1 }).waitFor();
      faults.push(...(await faultsOf(page, `${address} ${colorScheme}`)));
    }
    await page.setViewportSize({ width: 360, height: 740 });
    // A browser under load takes some frames until the media queries of the new width are in force.
    const excess = () => Math.max(0, document.documentElement.scrollWidth - window.innerWidth);
    const fits = async () => (await page.evaluate(excess)) === 0;
    await until("the page fits", fits, 5_000).catch(() => undefined);
    const overflow = await page.evaluate(excess);
    if (overflow > 0) faults.push(`${address}: ${overflow} pixels too wide for a phone of 360`);
    await page.setViewportSize({ width: 1280, height: 800 });
  }
  return faults;
}

describe.skipIf(hasNoBrowser)("every page", () => {
  const stage = setTheStage();

  test("of Cloud has no serious fault of accessibility, in light and dark, and fits a phone", async () => {
    const { cloudUrl } = stage.system;
    const { page } = await stage.visit();
    expect(
      await inspect(
        page,
        ["", "/signup", "/login", "/reset", "/reset?sent", "/reset/no-such-link", "/no-such-page"].map(
          (path) => cloudUrl + path,
        ),
      ),
    ).toEqual([]);
    const person = somebody("axe");
    await signUp(page, cloudUrl, person);
    const settings = ["", "/security", "/security/two-step", "/tokens", "/appearance"].map(
      (path) => `/settings${path}`,
    );
    const pages = ["/welcome", "/homelab", "/whats-new", ...settings, "/tenants/new", "/homelab?tenant=nobodyhasthis"];
    expect(
      await inspect(
        page,
        pages.map((path) => cloudUrl + path),
      ),
    ).toEqual([]);
    await page.goto(`${cloudUrl}/tenants/new`);
    await page.getByRole("button", { name: "Create homelab" }).click();
    await page.getByRole("alert").waitFor();
    expect(await faultsOf(page, "a refused form")).toEqual([]);
  });

  test("of teams and their mail has none either", async () => {
    const { cloudUrl } = stage.system;
    const { page } = await stage.visit();
    const owner = somebody("axeteam");
    await signUp(page, cloudUrl, owner);
    await page.goto(`${cloudUrl}/team`);
    await page.getByLabel("E-mail").fill("somebody.with.a.long.address@a-long-name.example.org");
    await page.getByRole("button", { name: "Send the invitation" }).click();
    await page.getByText("There is no room for one more").waitFor();
    await page.goto(`${cloudUrl}/dev/mailbox`);
    await page.getByRole("link", { name: `invites you to ${owner.homelab}` }).click();
    const link = (await page.getByRole("link", { name: "/invitations/" }).getAttribute("href"))!;
    expect(await inspect(page, [`${cloudUrl}/team`, link, `${cloudUrl}/dev/mailbox`, page.url()])).toEqual([]);
    const { page: visitor } = await stage.visit();
    expect(await inspect(visitor, [link, `${cloudUrl}/invitations/unknown`])).toEqual([]);
  });

  test("of the identity provider has none either", async () => {
    const { cloudUrl, idpUrl } = stage.system;
    const { page } = await stage.visit();
    await page.goto(`${cloudUrl}/api/auth/oidc/start?provider=zitadel`);
    await page.getByRole("heading", { name: "Continue as" }).waitFor();
    expect(await inspect(page, [page.url(), `${idpUrl}/interaction/gone`])).toEqual([]);
  });

  test("that somebody comes back to from an identity provider has none either", async () => {
    const { cloudUrl } = stage.system;
    const { page } = await stage.visit();
    const problem = "problem=cancelled&provider=zitadel";
    expect(await inspect(page, [`${cloudUrl}/login?${problem}`])).toEqual([]);
    await continueWithProvider(page, cloudUrl, somebodyThere());
    expect(await inspect(page, [`${cloudUrl}/settings/connections?${problem}`])).toEqual([]);
  });

  test("of the Stack console has none either", async () => {
    const { cloudUrl, stackUrl } = stage.system;
    const { page } = await stage.visit();
    await page.goto(stackUrl);
    expect(await inspect(page, [stackUrl])).toEqual([]);
    await signUp(page, cloudUrl, somebody("axestack"));
    await launch(page, stackUrl);
    expect(await inspect(page, [stackUrl, `${stackUrl}/stacks`, `${stackUrl}/jobs`, `${stackUrl}/flags`])).toEqual([]);
    const stack = await createStack(page, stackUrl, { name: "media", services: ["traefik"] });
    await addNode(page, { name: "nas", address: "192.168.1.20" });
    const [job] = (await (await page.request.get(`${stackUrl}/v1/jobs`)).json()).items;
    const [node] = (await (await page.request.get(`${stackUrl}/v1/nodes`)).json()).items;
    const pages = [stackUrl, `${stackUrl}/stacks`, `${stackUrl}/stacks/new`, stack, `${stack}/nodes/new`];
    const more = [`${stack}/nodes/${node.id}`, `${stackUrl}/jobs`, `${stackUrl}/jobs/${job.id}`, `${stackUrl}/nowhere`];
    expect(await inspect(page, [...pages, ...more])).toEqual([]);
  });

  test("of the Admin center has none either", async () => {
    const { system } = stage;
    const { adminUrl } = system;
    const { page } = await stage.visit();
    expect(await inspect(page, [`${adminUrl}/login`])).toEqual([]);
    await signInToAdmin(page, system.adminUrl, system.staff);
    const local = await (await signInStaff(system)).instance("local");
    const { items } = await (await page.request.get(`${adminUrl}/api/admin/tenants?limit=1`)).json();
    const instances = ["/instances", "/instances/new", `/instances/${local.id}`];
    const tenants = ["/tenants", "/tenants?search=nobody", `/tenants/${items[0].id}`];
    const others = ["", "/audit", "/settings", "/settings?rotate=signing-keys", "/nowhere"];
    const pages = [...instances, ...tenants, ...others].map((path) => adminUrl + path);
    expect(await inspect(page, pages)).toEqual([]);
  });

  describe("of the editor of flags", () => {
    beforeAll(async () => makeFlags(await signInStaff(stage.system)));

    const flag = `/flags/${SHOWN_FLAG}`;
    const segment = `/flags/segments/${SHOWN_SEGMENT}`;
    test.each([
      [
        "for many of them",
        ["", "?search=nobody", "/new", "/changes?show=all", "/import"].map((path) => `/flags${path}`),
      ],
      ["for segments", ["/flags/segments", "/flags/segments/+new", `${segment}?remove=`, `${segment}?as=json`]],
      [
        "for one of them",
        ["", "?ask=kill", "/overrides", "/rollout", "/usage", "/settings"].map((path) => flag + path),
      ],
      [
        "for those that are unlike others",
        [
          `${flag}/playground?plan=free`,
          `${flag}/history?revert=1`,
          `/flags/${KILLED_FLAG}?ask=restore`,
          `/flags/${HAND_WRITTEN_FLAG}`,
        ],
      ],
    ])("%s has none either", async (_, paths) => {
      const { system } = stage;
      const { page } = await stage.visit();
      await signInToAdmin(page, system.adminUrl, system.staff);
      const pages = paths.map((path) => system.adminUrl + path);
      expect(await inspect(page, pages)).toEqual([]);
    });
  });
});
