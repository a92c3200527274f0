/**
 * Pictures of the running product for docs/screenshots: every page that a visitor of the repository should see, light and
 * dark, at a desk and on a phone. Starts a system of its own, fills it as people would, and removes it again.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { openBrowser, openVisitor } from "./src/browser.ts";
import { launch, register, signUp, somebody } from "./src/people.ts";
import { addNode, createStack } from "./src/stack-console.ts";
import { signInStaff } from "./src/staff-api.ts";
import { createSite, ROOT, removeSite, type System, startSystem, stopSystem } from "./src/system.ts";

const FOLDER = join(ROOT, "docs", "screenshots");
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const SCHEMES = ["light", "dark"] as const;

type Shot = { name: string; url: string /** What is there once the page is. */; ready: string };
type Profile = BrowserContextOptions["storageState"];

/** Ada's homelab with a few stacks, and her profile in a browser. */
async function furnish(
  browser: Browser,
  system: System,
): Promise<{ profile: Profile; stackUrl: string; jobUrl: string }> {
  const { page, close } = await openVisitor(browser);
  const ada = { email: "ada@example.org", password: "correct horse battery", homelab: "Ada's lab", slug: "adaslab" };
  await signUp(page, system.cloudUrl, ada);
  await launch(page, system.stackUrl);
  const services = ["jellyfin", "immich", "traefik"];
  const description = "Films, photos and music for the whole house";
  const stackUrl = await createStack(page, system.stackUrl, { name: "media", description, services });
  await addNode(page, { name: "nas", role: "storage", address: "192.168.1.20" });
  await page.goto(stackUrl);
  await addNode(page, { name: "mini-pc", role: "main", address: "192.168.1.21" });
  await createStack(page, system.stackUrl, {
    name: "smart-home",
    description: "Lights, heating, doors",
    services: ["home-assistant"],
  });
  await createStack(page, system.stackUrl, { name: "backups", description: "Nightly, off site", services: ["restic"] });
  await page.goto(`${system.stackUrl}/jobs`);
  const jobPath = await page.locator('a[href^="/jobs/"]').first().getAttribute("href");
  const profile = await page.context().storageState();
  await close();
  return { profile, stackUrl, jobUrl: `${system.stackUrl}${jobPath}` };
}

/** A fleet that looks lived in: more homelabs, and a host that has yet to join. */
async function populate(
  browser: Browser,
  system: System,
): Promise<{ profile: Profile; instanceUrl: string; tenantUrl: string }> {
  for (const name of ["maple", "harbour", "attic", "garage", "orchard", "basement"])
    await register(system.cloudUrl, somebody(name));
  const { page, close } = await openVisitor(browser);
  await page.goto(`${system.adminUrl}/login`);
  await page.getByLabel("E-mail").fill(system.staff.email);
  await page.getByRole("textbox", { name: "Password" }).fill(system.staff.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${system.adminUrl}/`);
  await page.goto(`${system.adminUrl}/instances/new`);
  await page.getByLabel("Name").fill("stack-garden");
  await page.getByLabel("Region").fill("garden house");
  await page.getByRole("button", { name: /register/i }).click();
  await page.locator("pre").waitFor();
  const staff = await signInStaff(system);
  const local = await staff.instance("local");
  await page.goto(`${system.adminUrl}/tenants?search=adaslab`);
  const tenantPath = await page.locator('a[href^="/tenants/"]').first().getAttribute("href");
  const profile = await page.context().storageState();
  await close();
  return {
    profile,
    instanceUrl: `${system.adminUrl}/instances/${local.id}`,
    tenantUrl: `${system.adminUrl}${tenantPath}`,
  };
}

async function take(page: Page, shot: Shot, suffix: string): Promise<void> {
  await page.goto(shot.url);
  await page.getByText(shot.ready, { exact: false }).first().waitFor();
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(FOLDER, `${shot.name}-${suffix}.png`), animations: "disabled", caret: "hide" });
}

async function takeAll(browser: Browser, shots: Shot[], profile: Profile): Promise<void> {
  for (const colorScheme of SCHEMES)
    for (const [size, viewport] of Object.entries(SIZES)) {
      const visitor = await openVisitor(browser, {
        colorScheme,
        viewport,
        ...(profile ? { storageState: profile } : {}),
      });
      for (const shot of shots) await take(visitor.page, shot, `${colorScheme}-${size}`);
      await visitor.close();
    }
}

const site = await createSite();
const system = await startSystem(site);
const browser = await openBrowser();
try {
  await mkdir(FOLDER, { recursive: true });
  const { cloudUrl, adminUrl, stackUrl } = system;
  const homelab = await furnish(browser, system);
  const fleet = await populate(browser, system);
  const visitors = [
    { name: "cloud-start", url: cloudUrl, ready: "Create my homelab" },
    { name: "cloud-signup", url: `${cloudUrl}/signup`, ready: "Name of your homelab" },
    { name: "cloud-login", url: `${cloudUrl}/login`, ready: "Sign in" },
    { name: "admin-login", url: `${adminUrl}/login`, ready: "Sign in" },
    { name: "stack-signed-out", url: stackUrl, ready: "portal" },
  ];
  const members = [
    { name: "cloud-welcome", url: `${cloudUrl}/welcome?tenant=adaslab`, ready: "is ready" },
    { name: "cloud-homelab", url: `${cloudUrl}/homelab`, ready: "Live" },
    { name: "stack-overview", url: stackUrl, ready: "Live" },
    { name: "stack-stacks", url: `${stackUrl}/stacks`, ready: "smart-home" },
    { name: "stack-stack", url: homelab.stackUrl, ready: "mini-pc" },
    { name: "stack-jobs", url: `${stackUrl}/jobs`, ready: "Live" },
    { name: "stack-job", url: homelab.jobUrl, ready: "Live" },
  ];
  const staff = [
    { name: "admin-overview", url: adminUrl, ready: "Live" },
    { name: "admin-instances", url: `${adminUrl}/instances`, ready: "stack-garden" },
    { name: "admin-instance", url: fleet.instanceUrl, ready: "Live" },
    { name: "admin-new-instance", url: `${adminUrl}/instances/new`, ready: "Name" },
    { name: "admin-tenants", url: `${adminUrl}/tenants`, ready: "Ada's lab" },
    { name: "admin-tenant", url: fleet.tenantUrl, ready: "Ada's lab" },
    { name: "admin-audit", url: `${adminUrl}/audit`, ready: "Launched" },
  ];
  await takeAll(browser, visitors, undefined);
  await takeAll(browser, members, homelab.profile);
  await takeAll(browser, staff, fleet.profile);
} finally {
  await browser.close();
  await stopSystem(system);
  await removeSite(site);
}
