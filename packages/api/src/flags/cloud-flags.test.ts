/** What flags give somebody in Cloud, over the API of the portal and in the portal's own verbs. */
import type { TenantId } from "@kombify/db";
import { createShell } from "@kombify/server";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { requestInfoOf } from "../agent-api.ts";
import {
  callAs,
  createTestPlane,
  joinHost,
  makeToken,
  type Person,
  signInStaff,
  signUpPerson,
  type TestPlane,
  testLog,
} from "../testing.ts";
import { openCloudUsage } from "./cloud-usage.ts";
import type { PortalFlagsView } from "./schemas.ts";
import { seedOwnFlags } from "./seed-own-flags.ts";

let plane: TestPlane;
let free: Person;
let pro: Person;
let get: (path: string, headers: Record<string, string>) => Promise<Response>;

type StoredFlag = {
  variants?: object;
  defaultVariant?: string;
  targeting?: object;
  metadata?: object;
  offVariant?: string;
  state?: string;
};
/** Writes a flag as the editor leaves it. */
async function storeFlag(key: string, flag: StoredFlag): Promise<void> {
  const {
    variants = { on: true, off: false },
    defaultVariant = "off",
    targeting = {},
    metadata = {},
    offVariant = "off",
    state = "ENABLED",
  } = flag;
  const { owner } = plane.database;
  await owner`insert into flags (id, key, state, variants, default_variant, targeting, metadata, off_variant)
    values (gen_random_uuid(), ${key}, ${state}, ${owner.json(variants as never)}, ${defaultVariant}, ${owner.json(targeting as never)},
      ${owner.json(metadata as never)}, ${offVariant})
    on conflict (key) do update set state = excluded.state, variants = excluded.variants, default_variant = excluded.default_variant,
      targeting = excluded.targeting, metadata = excluded.metadata`;
  await raise();
}
/** Until Cloud has heard of it. */
async function raise(): Promise<void> {
  const revision = async () => (await plane.cloud.can.flagDocuments.of(free.tenant.id as TenantId)).document.revision;
  const before = await revision();
  await plane.database.owner`update flag_settings set revision = revision + 1`;
  await vi.waitFor(async () => expect(await revision()).toBeGreaterThan(before), 10_000);
}

beforeAll(async () => {
  plane = await createTestPlane();
  const host = await joinHost(plane, await signInStaff(plane), "flags-host");
  [free, pro] = [await signUpPerson(plane, "free"), await signUpPerson(plane, "pro")];
  await host.applyAll();
  await plane.database.owner`update tenants set plan = 'pro' where id = ${pro.tenant.id}`;
  const shell = createShell({ name: "test", version: "0", log: testLog, checks: {}, exposeMetrics: false });
  shell.app.all("*", async (c) => (await plane.cloud.handle(c.req.raw, requestInfoOf(c))) ?? c.notFound());
  get = async (path, headers) => shell.app.fetch(new Request(`http://localhost:3000${path}`, { headers }), {});
  await storeFlag("by-plan", {
    variants: { small: { disks: 1 }, large: { disks: 8 } },
    defaultVariant: "small",
    offVariant: "small",
    targeting: { if: [{ "==": [{ var: "plan" }, "pro"] }, "large"] },
  });
  await storeFlag("gone", { state: "DISABLED" });
});
afterAll(() => plane.close());

describe("GET /v1/portal/feature-flags", () => {
  const PATH = "/v1/portal/feature-flags";
  const read = async (headers: Record<string, string>) => (await (await get(PATH, headers)).json()) as PortalFlagsView;

  it("gives each plan its own value, with reason and variant, by cookie and by token alike", async () => {
    const { flags, revision } = await read({ cookie: free.cookie });
    expect(flags["by-plan"]).toEqual({ value: { disks: 1 }, reason: "DEFAULT", variant: "small" });
    expect(flags.gone).toEqual({ reason: "DISABLED" });
    expect(revision).toBeGreaterThan(1);
    const { secret } = await makeToken(plane, pro, ["portal:read"]);
    const byToken = await read({ authorization: `Bearer ${secret}`, "x-tenant-id": pro.tenant.slug });
    expect(byToken.flags["by-plan"]).toEqual({ value: { disks: 8 }, reason: "TARGETING_MATCH", variant: "large" });
    expect(byToken).toEqual(await read({ cookie: pro.cookie }));
  });

  it("is 304 without a body for whoever has it, in a list, weakly or by *, and 200 once something is different", async () => {
    const first = await get(PATH, { cookie: free.cookie });
    const etag = first.headers.get("etag") ?? "";
    expect([first.status, first.headers.get("cache-control")]).toEqual([200, "private, no-cache"]);
    for (const named of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await get(PATH, { cookie: free.cookie, "if-none-match": named });
      expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
      expect(again.headers.get("ratelimit-remaining")).toMatch(/^\d+$/);
    }
    expect((await get(PATH, { cookie: pro.cookie, "if-none-match": etag })).status).toBe(200);
    // The same variant of another value.
    await storeFlag("by-plan", {
      variants: { small: { disks: 2 }, large: { disks: 8 } },
      defaultVariant: "small",
      offVariant: "small",
    });
    const changed = await get(PATH, { cookie: free.cookie, "if-none-match": etag });
    expect(changed.status).toBe(200);
    expect(((await changed.json()) as PortalFlagsView).flags["by-plan"]?.value).toEqual({ disks: 2 });
  });

  it("says who may: 401 to nobody, 403 to a token without the scope, 404 for another's homelab", async () => {
    const { secret } = await makeToken(plane, pro, ["stack:read"]);
    expect((await get(PATH, {})).status).toBe(401);
    expect((await get(PATH, { authorization: `Bearer ${secret}` })).status).toBe(403);
    expect((await get(PATH, { cookie: pro.cookie, "x-tenant-id": free.tenant.id })).status).toBe(404);
  });
});

describe("our own flags", () => {
  it("have the manifest's defaults where they are not there, or give something of another type", async () => {
    const defaults = { firstSteps: false, homelabLaunch: true, whatsNew: false };
    expect(await free.api.flags.own({ slug: free.tenant.slug })).toEqual(defaults);
    await storeFlag("homelab-launch", { variants: { on: "yes", off: "no" } });
    await storeFlag("first-steps", { defaultVariant: "on" });
    expect(await free.api.flags.own({})).toEqual({ ...defaults, firstSteps: true });
  });

  it("have their defaults while flags cannot be read: nobody is locked out", async () => {
    await storeFlag("homelab-launch", { defaultVariant: "off" });
    expect((await free.api.flags.own({})).homelabLaunch).toBe(false);
    const flagDocuments = plane.cloud.can.flagDocuments;
    plane.cloud.can.flagDocuments = { ...flagDocuments, of: () => Promise.reject(new Error("the table is on fire")) };
    try {
      expect((await free.api.flags.own({})).homelabLaunch).toBe(true);
    } finally {
      plane.cloud.can.flagDocuments = flagDocuments;
    }
  });

  it("a launch that is switched off is refused with 409 and why, and the card says so; switched on it goes to the host", async () => {
    await storeFlag("homelab-launch", { defaultVariant: "off" });
    await expect(free.api.tenants.launch({})).rejects.toMatchObject({
      code: "PRECONDITION",
      status: 409,
      message: expect.stringContaining("paused"),
    });
    expect((await free.api.tenants.get({ slug: free.tenant.slug })).isLaunchPaused).toBe(true);
    await storeFlag("homelab-launch", { defaultVariant: "on" });
    expect((await free.api.tenants.get({ slug: free.tenant.slug })).isLaunchPaused).toBe(false);
    // Nobody answers at the host of this test: being refused by it means that the launch went through.
    await expect(free.api.tenants.launch({})).rejects.toMatchObject({ code: "UPSTREAM" });
  });

  it("a page that watches its homelab hears of a pause", async () => {
    const stream = await free.api.tenants.watch({ slug: free.tenant.slug });
    const views = stream[Symbol.asyncIterator]();
    expect((await views.next()).value?.isLaunchPaused).toBe(false);
    await storeFlag("homelab-launch", { defaultVariant: "off" });
    let view = await views.next();
    while (!view.done && !view.value.isLaunchPaused) view = await views.next();
    expect(view.value?.isLaunchPaused).toBe(true);
    await storeFlag("homelab-launch", { defaultVariant: "on" });
  });
});

describe("seeding", () => {
  it("makes what is missing, with audit and history, and leaves alone what staff changed or removed", async () => {
    const { owner } = plane.database;
    const seed = () => seedOwnFlags(plane.admin.asSystem("test"));
    await storeFlag("homelab-launch", { defaultVariant: "off" });
    await owner`delete from flags where key in ('first-steps', 'whats-new')`;
    const [before] = await owner`select revision from flag_settings`;
    // Two processes that start at once.
    const made = await Promise.all([seed(), seed()]);
    expect(made.flat().sort()).toEqual(["first-steps", "whats-new"]);
    const [after] = await owner`select revision from flag_settings`;
    expect(Number(after?.revision)).toBe(Number(before?.revision) + 1);
    const audited =
      await owner`select target_id, actor_name from audit_events where action = 'flags.create' order by 1`;
    expect(audited.map((row) => [row.target_id, row.actor_name])).toEqual([
      ["first-steps", "kombify"],
      ["whats-new", "kombify"],
    ]);
    const [launch] = await owner`select default_variant, version from flags where key = 'homelab-launch'`;
    expect(launch).toEqual({ default_variant: "off", version: 1 });
    await owner`delete from flags where key in ('first-steps', 'whats-new')`;
    expect(await seed()).toEqual([]);
    expect((await free.api.flags.own({})).homelabLaunch).toBe(false);
    await storeFlag("homelab-launch", { defaultVariant: "on" });
  });
});

describe("what is new", () => {
  const announced = {
    announce: "Faster disks",
    announceText: "Twice as fast.",
    announceLink: "/homelab",
    announcedAt: "2026-11-01",
  };

  it("is not there while its flag is off, and lists what is on for this homelab, newest first", async () => {
    await expect(free.api.flags.announcements({})).rejects.toMatchObject({ code: "NOT_FOUND" });
    await storeFlag("whats-new", { defaultVariant: "on" });
    expect(await free.api.flags.announcements({})).toEqual({ items: [] });
    const onlyPro = { if: [{ "==": [{ var: "plan" }, "pro"] }, "on"] };
    await storeFlag("fast-disks", { targeting: onlyPro, metadata: announced });
    await storeFlag("newer", {
      defaultVariant: "on",
      metadata: { announce: "Newer", announcedAt: "2026-11-02", announceLink: "//evil.example" },
    });
    await storeFlag("undated", { defaultVariant: "on", metadata: { announce: "Undated" } });
    const ofFree = await free.api.flags.announcements({});
    expect(ofFree.items.map(({ id }) => id)).toEqual(["newer", "undated"]);
    expect(ofFree.items[0]).toEqual({
      id: "newer",
      title: "Newer",
      text: null,
      link: null,
      announcedAt: new Date("2026-11-02"),
    });
    const ofPro = await pro.api.flags.announcements({});
    expect(ofPro.items.map(({ id }) => id)).toEqual(["newer", "fast-disks", "undated"]);
    expect(ofPro.items[1]).toMatchObject({ title: "Faster disks", text: "Twice as fast.", link: "/homelab" });
  });
});

describe("Cloud's counts", () => {
  it("are all there after a clean stop, and a refused write is made up for", async () => {
    const cloud = await plane.openCloud();
    const { api } = callAs(cloud, { cookie: free.cookie });
    const before = await usageOf("by-plan");
    await Promise.all(Array.from({ length: 25 }, () => api.flags.portal({})));
    await cloud.close();
    expect((await usageOf("by-plan")) - before).toBe(25);

    const written: number[] = [];
    let refusals = 2;
    const usage = openCloudUsage({
      log: testLog,
      intervalMs: 5,
      write: async (counts) => {
        if (refusals-- > 0) throw new Error("away");
        written.push(...counts.map(({ count }) => count));
      },
    });
    for (let i = 0; i < 10; i++) usage.count({ key: "a", variant: "on" });
    usage.count({ key: "made-up", errorCode: "FLAG_NOT_FOUND" });
    await expect.poll(() => refusals).toBeLessThan(0);
    await usage.close();
    expect(written).toEqual([10]);
  });
  const usageOf = async (key: string): Promise<number> => {
    const [row] = await plane.database
      .owner`select coalesce(sum(count), 0)::int as n from flag_usage where source = 'cloud' and key = ${key}`;
    return row?.n;
  };
});
