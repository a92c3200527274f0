import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { register, somebody } from "./src/people.ts";
import { descendantsOf, waitUntilGone } from "./src/processes.ts";
import { signInStaff, untilStatus } from "./src/staff-api.ts";
import {
  createSite,
  processesOf,
  readOutput,
  readReady,
  removeSite,
  type Site,
  type System,
  spawnStart,
  startSystem,
  stopSystem,
} from "./src/system.ts";

let site: Site;
let system: System;

afterAll(async () => {
  for (const { pid } of await processesOf(site)) process.kill(pid, "SIGKILL");
  await removeSite(site);
});

const person = somebody("kept");

test("npm start brings everything up on a home of its own, with credentials that only their owner may read", async () => {
  site = await createSite();
  system = await startSystem(site, "npm");
  for (const url of [system.cloudUrl, system.adminUrl, system.stackUrl])
    expect((await fetch(`${url}/ready`)).status, url).toBe(200);
  const { mode } = await stat(join(site.home, "credentials.json"));
  expect(mode & 0o777).toBe(0o600);
  const output = await readOutput(site);
  expect(output).toContain(system.cloudUrl);
  expect(output).not.toContain(system.staff.password);
  expect((await register(system.cloudUrl, person)).status).toBe(201);
  await untilStatus(await signInStaff(system), person.slug, "active");
}, 180_000);

test("a second npm start on the same home is refused and says why; the first runs on", async () => {
  const child = await spawnStart(site, "npm");
  const [code] = await once(child, "exit");
  expect(code).toBe(1);
  const output = await readOutput(site);
  expect(output).toContain(`kombify already runs in ${site.home} (process ${system.supervisorPid})`);
  expect(output).toContain(system.cloudUrl);
  expect((await fetch(`${system.cloudUrl}/ready`)).status).toBe(200);
  expect((await readReady(site))?.cloudUrl).toBe(system.cloudUrl);
});

test("after SIGKILL of the supervisor npm start brings everything back with its data", async () => {
  const family = [
    system.pid,
    system.supervisorPid,
    ...(await descendantsOf(system.supervisorPid)).map(({ pid }) => pid),
  ];
  const services = family.filter((pid) => pid !== system.supervisorPid);
  process.kill(system.supervisorPid, "SIGKILL");
  const before = system;
  // At once, while what the dead supervisor started is still ending.
  await waitUntilGone([before.supervisorPid, before.pid]);
  system = await startSystem(site, "npm");
  await waitUntilGone(services);
  expect(system.supervisorPid).not.toBe(before.supervisorPid);
  expect(system.staff).toEqual(before.staff);
  const tenant = await (await signInStaff(system)).tenant(person.slug);
  expect(tenant).toMatchObject({ status: "active", instance: { name: "local" } });
  const another = somebody("after");
  expect((await register(system.cloudUrl, another)).status).toBe(201);
  await untilStatus(await signInStaff(system), another.slug, "active");
}, 180_000);

test("Ctrl-C ends every process and takes ready.json away", async () => {
  await stopSystem(system);
  expect(await readReady(site)).toBeNull();
  expect(await readFile(join(site.home, "credentials.json"), "utf8")).toContain(system.staff.email);
});
