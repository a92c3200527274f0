/** Fills a system of its own and takes the pictures of docs/screenshots: every page, light and dark, desk and phone. */
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { openBrowser, openVisitor } from "./src/browser.ts";
import { ADA, addWaiting, fillConsole, fillFleet } from "./src/demo.ts";
import { HAND_WRITTEN_FLAG, KILLED_FLAG, makeFlags, SHOWN_FLAG, SHOWN_SEGMENT } from "./src/demo-flags.ts";
import { type Host, pasteJoinCommand } from "./src/host.ts";
import { launchButton, signIn } from "./src/people.ts";
import { signInStaff } from "./src/staff-api.ts";
import { createSite, ROOT, removeSite, type System, startSystem, stopSystem } from "./src/system.ts";

const FOLDER = join(ROOT, "docs", "screenshots");
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;
const SCHEMES = ["light", "dark"] as const;
const MOST_BYTES = 170_000;

type Picture = { name: string; address: string; before?: (page: Page) => Promise<unknown> };

async function take(page: Page, { name, address, before }: Picture): Promise<void> {
  for (const scheme of SCHEMES) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      await page.goto(address);
      await page.getByRole("heading").first().waitFor();
      await before?.(page);
      const live = page.getByText("Live", { exact: true });
      if (await page.getByText(/^(Connecting|Live)$/).count()) await live.first().waitFor();
      const path = join(FOLDER, `${name}-${scheme}-${size}.png`);
      await page.screenshot({ path, animations: "disabled" });
      const bytes = (await stat(path)).size;
      if (bytes > MOST_BYTES) throw new Error(`${path} has ${bytes} bytes; ${MOST_BYTES} are the most.`);
    }
  }
}

/** A host that joins by the command of the page, and one that is only registered. */
async function addHosts(page: Page, system: System): Promise<Host> {
  const registerHost = async (name: string, region: string) => {
    await page.goto(`${system.adminUrl}/instances/new`);
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Region").fill(region);
    await page.getByRole("button", { name: "Register and get the command" }).click();
    await page.getByText("Waiting for the agent").waitFor();
    return (await page.locator("pre").textContent())!;
  };
  const host = await pasteJoinCommand(system, "berlin-2", await registerHost("berlin-2", "Berlin, rack 4"));
  await registerHost("lisbon-1", "Lisbon");
  return host;
}

async function photograph(system: System): Promise<void> {
  const { cloudUrl, adminUrl, stackUrl, staff } = system;
  const browser = await openBrowser();
  const { page: visitor } = await openVisitor(browser);
  for (const [name, path] of [
    ["start", "/"],
    ["signup", "/signup"],
    ["login", "/login"],
    ["reset", "/reset"],
  ])
    await take(visitor, { name: `cloud-${name}`, address: cloudUrl + path });
  await take(visitor, {
    name: "cloud-signup-refused",
    address: `${cloudUrl}/signup`,
    before: async (page) => {
      await page.getByRole("button", { name: "Create my homelab" }).click();
      await page.getByRole("alert").waitFor();
    },
  });
  await take(visitor, { name: "admin-login", address: `${adminUrl}/login` });

  const { page: operator } = await openVisitor(browser);
  await operator.goto(adminUrl);
  await operator.getByLabel("E-mail").fill(staff.email);
  await operator.getByRole("textbox", { name: "Password" }).fill(staff.password);
  await operator.getByRole("button", { name: "Sign in" }).click();
  await operator.getByRole("heading", { name: "Fleet" }).waitFor();
  const host = await addHosts(operator, system);
  try {
    await fillFleet(system);
    const { page: ada } = await openVisitor(browser);
    await signIn(ada, cloudUrl, ADA);
    await launchButton(ada).click();
    await ada.waitForURL((url) => url.pathname === "/" && url.origin !== cloudUrl);
    const home = new URL(ada.url()).origin;
    const media = await fillConsole(ada, home);
    await ada.waitForURL(/\/stacks\//);
    const { items: jobs } = await (await ada.request.get(`${home}/v1/jobs?type=provision&sort=-createdAt`)).json();
    for (const [name, address] of [
      ["cloud-welcome", `${cloudUrl}/welcome`],
      ["cloud-homelab", `${cloudUrl}/homelab`],
      ["cloud-whats-new", `${cloudUrl}/whats-new`],
      ["cloud-new-homelab", `${cloudUrl}/tenants/new`],
      ["cloud-team", `${cloudUrl}/team`],
      ["cloud-settings", `${cloudUrl}/settings`],
      ["cloud-tokens", `${cloudUrl}/settings/tokens`],
      ["cloud-security", `${cloudUrl}/settings/security`],
      ["cloud-connections", `${cloudUrl}/settings/connections`],
      ["cloud-mailbox", `${cloudUrl}/dev/mailbox`],
      ["stack-overview", home],
      ["stack-stacks", `${home}/stacks`],
      ["stack-stack", media],
      ["stack-new-stack", `${home}/stacks/new`],
      ["stack-jobs", `${home}/jobs`],
      ["stack-job", `${home}/jobs/${jobs[0].id}`],
      ["stack-flags", `${home}/flags`],
    ] as const)
      await take(ada, { name, address });
    await take(visitor, { name: "stack-signed-out", address: stackUrl });
    const berlin = await (await signInStaff(system)).instance("berlin-2");
    const { items } = await (await operator.request.get(`${adminUrl}/api/admin/tenants?search=${ADA.slug}`)).json();
    const takeAdmin = (name: string, path: string) =>
      take(operator, { name: `admin-${name}`, address: adminUrl + path });
    await takeAdmin("instances", "/instances");
    await takeAdmin("instance", `/instances/${berlin.id}`);
    await takeAdmin("new-instance", "/instances/new");
    await takeAdmin("tenant", `/tenants/${items[0].id}`);
    await takeAdmin("fleet", "");
    await addWaiting(system);
    await takeAdmin("fleet-full", "");
    await takeAdmin("tenants", "/tenants");
    await makeFlags(await signInStaff(system));
    const flag = `/flags/${SHOWN_FLAG}`;
    await takeAdmin("flags", "/flags");
    await takeAdmin("new-flag", "/flags/new");
    await takeAdmin("segments", "/flags/segments");
    await takeAdmin("segment", `/flags/segments/${SHOWN_SEGMENT}`);
    await takeAdmin("flag-changes", "/flags/changes");
    await takeAdmin("flag-import", "/flags/import");
    await takeAdmin("flag", flag);
    await takeAdmin("flag-kill", `${flag}?ask=kill`);
    await takeAdmin("flag-killed", `/flags/${KILLED_FLAG}`);
    await takeAdmin("flag-json", `/flags/${HAND_WRITTEN_FLAG}`);
    await takeAdmin("flag-playground", `${flag}/playground?tenant=${ADA.slug}&plan=free`);
    await takeAdmin("flag-rollout", `${flag}/rollout`);
    // One that the pages before have asked for.
    await takeAdmin("flag-usage", "/flags/first-steps/usage");
    await takeAdmin("flag-history", `${flag}/history`);
    await takeAdmin("flag-settings", `${flag}/settings`);
    await takeAdmin("audit", "/audit");
    await takeAdmin("settings", "/settings");
    await takeAdmin("certificates", "/settings/certificates");
    await takeAdmin("security", "/settings/security");
  } finally {
    await browser.close();
    await host.stop();
  }
}

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
const site = await createSite();
const system = await startSystem(site);
try {
  await photograph(system);
} finally {
  await stopSystem(system);
  await removeSite(site);
}
const files = await readdir(FOLDER);
const sizes = await Promise.all(files.map(async (file) => (await stat(join(FOLDER, file))).size));
console.log(`${files.length} pictures, ${Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1000)} kB`);
