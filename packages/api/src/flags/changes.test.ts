/** Changes of flags that wait: for a second person, for their time, or for both. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Caller } from "../router.ts";
import {
  createTestPlane,
  joinHost,
  type Person,
  signInStaff,
  signUpPerson,
  type TestPlane,
  testLog,
} from "../testing.ts";
import { startWorker } from "../worker.ts";
import { applyScheduledChange } from "./apply-scheduled-change.ts";
import { pruneFlags } from "./prune-flags.ts";
import type { FlagDefinition, FlagOutcomeView } from "./schemas.ts";

const encryptionKey = randomBytes(32).toString("base64");
let plane: TestPlane;
/** Two people who may change flags, and one who may look. */
let ann: Caller;
let bob: Caller;
let viewer: Caller;
let tenant: Person;

beforeAll(async () => {
  plane = await createTestPlane({ encryptionKey });
  const people = [];
  for (const role of ["owner", "operator", "viewer"] as const) people.push(await signInStaff(plane, role));
  await plane.database.owner`update users set staff_role = name where email like '%@staff.example.com'`;
  [ann, bob, viewer] = people.map(({ api }) => api) as [Caller, Caller, Caller];
  const host = await joinHost(plane, people[0]!, "host-a");
  tenant = await signUpPerson(plane, "tenant");
  await host.applyAll();
});
afterAll(() => plane.close());

const definition = (more: Partial<FlagDefinition> = {}) => ({
  owner: "core",
  variants: { on: true, off: false },
  defaultVariant: "off",
  offVariant: "off",
  ...more,
});
const HOUR_MS = 3_600_000;
const inMs = (ms: number) => new Date(Date.now() + ms);
interface Saved extends Partial<FlagDefinition> {
  at?: Date;
  note?: string;
}
const save = (api: Caller, key: string, version: number, { at, note = "", ...more }: Saved = {}) =>
  api.flags.save({ key, version, note, definition: definition(more), ...(at ? { scheduledAt: at } : {}) });
const idOf = ({ change }: FlagOutcomeView): string => change?.id ?? expect.fail("It does not wait.");
/** A flag that needs a second person, approved. */
async function makeSensitive(key: string) {
  const { flag } = await bob.flags.approveChange({ id: idOf(await save(ann, key, 0, { isSensitive: true })) });
  return flag?.version ?? expect.fail("It is not there.");
}
const makeFlag = async (key: string) => (await save(ann, key, 0)).flag?.version ?? expect.fail("It is not there.");
const flagOf = async (key: string) => (await viewer.flags.get({ key })).definition;
const changeOf = async (key: string) => {
  const { items } = await viewer.flags.changes({ key, show: "all" });
  return items[0] ?? expect.fail("There is no change of it.");
};
const trail = async (key: string) =>
  (
    await plane.database.owner`select actor_name || ' ' || action as line from audit_events
    where target_kind = 'flag' and target_id = ${key} order by id`
  ).map(({ line }) => line);
const fleetRevision = async () => (await plane.database.owner`select revision::int from flag_settings`)[0]?.revision;

describe("a second person", () => {
  it("has to agree before a sensitive flag is made, and is another one than who asked", async () => {
    const before = await fleetRevision();
    const asked = await save(ann, "door", 0, { isSensitive: true, note: "for the new office" });
    expect(asked).toMatchObject({
      outcome: "waiting_for_approval",
      flag: null,
      change: { state: "waiting_for_approval", isMine: true, requestedByName: "owner", note: "for the new office" },
    });
    expect(asked.change?.summary).toContain("A new flag");
    const id = idOf(asked);
    await expect(ann.flags.approveChange({ id })).rejects.toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("Somebody else"),
    });
    await expect(viewer.flags.approveChange({ id })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(viewer.flags.get({ key: "door" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await fleetRevision()).toBe(before);
    const approved = await bob.flags.approveChange({ id });
    expect(approved).toMatchObject({ outcome: "saved", flag: { version: 1 }, change: { state: "applied" } });
    const { items } = await viewer.flags.history({ key: "door" });
    expect(items).toMatchObject([{ actorName: "owner", approvedByName: "operator", note: "for the new office" }]);
    expect(await trail("door")).toEqual([
      "owner flags.requestChange",
      "operator flags.approveChange",
      "owner flags.create",
    ]);
  });

  it("is another one whoever writes to the database", async () => {
    const id = idOf(await save(ann, "wall", 0, { isSensitive: true }));
    const { owner } = plane.database;
    await expect(
      owner`update flag_changes set state = 'applied', decided_by = requested_by, decided_by_name = 'x' where id = ${id}`,
    ).rejects.toThrow("flag_changes_second_person");
    await expect(owner`update flag_changes set state = 'applied' where id = ${id}`).rejects.toThrow("second_person");
  });

  it("is asked for every change of a sensitive flag but killing it, and before one that was not becomes it or ceases to be", async () => {
    const version = await makeSensitive("vault");
    const waits = { outcome: "waiting_for_approval" };
    const { slug } = tenant.tenant;
    expect(await save(ann, "vault", version, { isSensitive: true, defaultVariant: "on" })).toMatchObject(waits);
    expect(await save(ann, "vault", version, { isSensitive: false })).toMatchObject(waits);
    expect(await ann.flags.saveOverride({ key: "vault", tenant: slug, variant: "on" })).toMatchObject(waits);
    expect(await ann.flags.remove({ key: "vault" })).toMatchObject(waits);
    expect(await ann.flags.kill({ key: "vault", reason: "it burns" })).toMatchObject({
      outcome: "saved",
      flag: { standing: "killed", waitingChanges: 4 },
    });
    const restored = await ann.flags.restore({ key: "vault" });
    expect(restored).toMatchObject({ ...waits, flag: { standing: "killed" } });
    await bob.flags.approveChange({ id: idOf(restored) });
    expect((await viewer.flags.get({ key: "vault" })).standing).toBe("active");
    expect(await save(ann, "plain", 0)).toMatchObject({ outcome: "saved" });
    expect(await save(ann, "plain", 1, { isSensitive: true })).toMatchObject(waits);
  });

  it("is not troubled with a change that changes nothing, nor with one that could not be made", async () => {
    const version = await makeSensitive("quiet");
    expect(await save(ann, "quiet", version, { isSensitive: true })).toMatchObject({ outcome: "saved", change: null });
    await expect(save(ann, "quiet", version + 5, { isSensitive: true })).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(
      save(ann, "quiet", version, { isSensitive: true, prerequisites: [{ flag: "nowhere", variants: ["on"] }] }),
    ).rejects.toMatchObject({ code: "INVALID" });
    expect((await viewer.flags.changes({ key: "quiet" })).items).toEqual([]);
  });

  it("sees what it does against the flag as it was, also after it is done", async () => {
    const version = await makeSensitive("told");
    const change = { isSensitive: true, defaultVariant: "on" };
    const id = idOf(await save(ann, "told", version, change));
    const seen = async () =>
      (await viewer.flags.changes({ key: "told", show: "all" })).items.find((one) => one.id === id);
    expect((await seen())?.summary).toEqual(["Default variant: off → on"]);
    await bob.flags.approveChange({ id });
    expect((await seen())?.summary).toEqual(["Default variant: off → on"]);
  });

  it("approves what fits no longer: it fails as a whole, says why, and cannot be approved again", async () => {
    const version = await makeSensitive("race");
    const [first, second] = await Promise.all([
      save(ann, "race", version, { isSensitive: true, defaultVariant: "on" }),
      save(ann, "race", version, { isSensitive: true, description: "Races" }),
    ]);
    await bob.flags.approveChange({ id: idOf(first) });
    const id = idOf(second);
    await expect(bob.flags.approveChange({ id })).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await changeOf("race").then(() => viewer.flags.changes({ key: "race", show: "all" }))).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({ id, state: "failed", reason: expect.stringContaining("owner changed race") }),
      ]),
    });
    expect(await flagOf("race")).toMatchObject({ defaultVariant: "on", description: "" });
    expect(await trail("race")).toContain("operator flags.failChange");
    await expect(bob.flags.approveChange({ id })).rejects.toMatchObject({
      code: "PRECONDITION",
      message: expect.stringContaining("could not be made"),
    });
  });

  it("rejects it with a reason, or the one who asked takes it back; neither can be approved any more", async () => {
    const version = await makeSensitive("refused");
    const rejected = idOf(await save(ann, "refused", version, { isSensitive: true, description: "one" }));
    const own = { id: rejected, reason: "mine" };
    await expect(ann.flags.rejectChange(own)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await bob.flags.rejectChange({ id: rejected, reason: "Not before Christmas." })).toMatchObject({
      state: "rejected",
      reason: "Not before Christmas.",
      decidedByName: "operator",
    });
    const cancelled = idOf(await save(ann, "refused", version, { isSensitive: true, description: "two" }));
    expect(await ann.flags.cancelChange({ id: cancelled })).toMatchObject({ state: "cancelled", reason: "" });
    for (const id of [rejected, cancelled])
      await expect(bob.flags.approveChange({ id })).rejects.toMatchObject({ code: "PRECONDITION" });
    await expect(bob.flags.cancelChange({ id: crypto.randomUUID() })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await flagOf("refused")).description).toBe("");
  });

  it("clicks twice and it is made once", async () => {
    const version = await makeSensitive("twice");
    const id = idOf(await save(ann, "twice", version, { isSensitive: true, defaultVariant: "on" }));
    const clicks = await Promise.allSettled([1, 2, 3].map(() => bob.flags.approveChange({ id })));
    expect(clicks.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await viewer.flags.get({ key: "twice" })).version).toBe(version + 1);
  });

  it("finds what waits, page by page and flag by flag", async () => {
    const all = (await viewer.flags.changes({ limit: 100 })).items;
    expect(all.every(({ state }) => state === "waiting_for_approval")).toBe(true);
    expect(new Set(all.map(({ flagKey }) => flagKey))).toEqual(new Set(["wall", "vault", "plain"]));
    const paged = [];
    let cursor: string | undefined;
    do {
      const page = await bob.flags.changes({ limit: 2, ...(cursor ? { cursor } : {}) });
      paged.push(...page.items);
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(paged.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    expect((await bob.flags.changes({ key: "wall" })).items).toMatchObject([{ isMine: false }]);
  });
});

describe("a time", () => {
  const start = () =>
    startWorker({
      db: plane.admin.db,
      workerDatabaseUrl: plane.database.urls.worker,
      can: plane.admin.can,
      log: testLog,
    });
  const becomes = (key: string, state: string) =>
    expect.poll(async () => (await changeOf(key)).state, { timeout: 15_000, interval: 50 }).toBe(state);

  it("has to be to come, and within a year", async () => {
    for (const ms of [-1_000, 367 * 24 * HOUR_MS])
      await expect(save(ann, "timely", 0, { at: inMs(ms) })).rejects.toMatchObject({
        code: "INVALID",
        fields: [{ path: "scheduledAt" }],
      });
  });

  it("comes, and the change is made then: once, although two workers look after it", async () => {
    const version = await makeFlag("scheduled");
    const heard: string[] = [];
    const off = plane.admin.can.changes.on(({ noun, id }) => heard.push(`${noun} ${id}`));
    const workers = await Promise.all([start(), start()]);
    try {
      const at = inMs(2_000);
      const outcome = await save(ann, "scheduled", version, { defaultVariant: "on", at });
      expect(outcome).toMatchObject({ outcome: "scheduled", flag: { version, waitingChanges: 1 } });
      expect(Date.now()).toBeLessThan(at.getTime());
      expect((await flagOf("scheduled")).defaultVariant).toBe("off");
      await becomes("scheduled", "applied");
      expect(Date.now()).toBeGreaterThanOrEqual(at.getTime());
      // As the queue may do: the job once more, in several workers at once.
      await Promise.all([1, 2, 3].map(() => applyScheduledChange(plane.admin.asSystem("test"), idOf(outcome))));
      expect(await viewer.flags.get({ key: "scheduled" })).toMatchObject({ version: version + 1 });
      expect((await changeOf("scheduled")).state).toBe("applied");
      expect((await flagOf("scheduled")).defaultVariant).toBe("on");
      expect((await viewer.flags.history({ key: "scheduled" })).items[0]).toMatchObject({ actorName: "owner" });
      await expect.poll(() => heard).toContain(`flag-changes ${idOf(outcome)}`);
      expect(heard).toContain("flags scheduled");
    } finally {
      off();
      await Promise.all(workers.map((worker) => worker.stop()));
    }
  });

  it("comes although the worker is killed in the middle of it: the next one makes the change, once", async () => {
    const version = await makeFlag("survivor");
    const outcome = await save(ann, "survivor", version, { defaultVariant: "on", at: inMs(1_000) });
    const holder = await plane.database.owner.reserve();
    const child = spawn(process.execPath, ["--input-type=module", "-e", WORKER], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      env: {
        ...process.env,
        WEB_URL: plane.database.urls.web,
        WORKER_URL: plane.database.urls.worker,
        ENCRYPTION_KEY: encryptionKey,
      },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const waiting = async () =>
      (await plane.database.owner`select from pg_locks where not granted and locktype in ('tuple', 'transactionid')`)
        .length;
    try {
      // Whoever makes a change waits here, half way through.
      await holder`begin`;
      await holder`select from flag_settings for update`;
      await expect.poll(waiting, { timeout: 30_000 }).toBeGreaterThan(0);
      child.kill("SIGKILL");
      await once(child, "exit");
    } finally {
      await holder`rollback`;
      holder.release();
      child.kill("SIGKILL");
    }
    await expect.poll(waiting).toBe(0);
    expect((await changeOf("survivor")).state).toBe("scheduled");
    const [job] = await plane.database
      .owner`select locked_by from graphile_worker.jobs where key = ${`flag-change ${idOf(outcome)}`}`;
    expect(job?.locked_by).toBeTruthy();
    const next = await start();
    try {
      await becomes("survivor", "applied");
      expect(await viewer.flags.get({ key: "survivor" })).toMatchObject({ version: version + 1 });
    } finally {
      await next.stop();
    }
  }, 60_000);

  it("is nothing to a change that was taken back meanwhile, and what fits no longer fails with why", async () => {
    const version = await makeFlag("taken-back");
    const cancelled = await save(ann, "taken-back", version, { defaultVariant: "on", at: inMs(HOUR_MS) });
    expect(await bob.flags.cancelChange({ id: idOf(cancelled) })).toMatchObject({ reason: "Taken back by operator" });
    const late = await save(ann, "taken-back", version, { description: "late", at: inMs(HOUR_MS) });
    await save(bob, "taken-back", version, { description: "sooner" });
    const system = plane.admin.asSystem("test");
    for (const outcome of [cancelled, late]) await applyScheduledChange(system, idOf(outcome));
    expect(await flagOf("taken-back")).toMatchObject({ defaultVariant: "off", description: "sooner" });
    expect(await changeOf("taken-back")).toMatchObject({
      state: "failed",
      reason: expect.stringContaining("operator changed taken-back"),
    });
    expect(await trail("taken-back")).toContain("kombify flags.failChange");
    const all = (await viewer.flags.changes({ key: "taken-back", show: "all" })).items;
    expect(all.map(({ state }) => state)).toEqual(["failed", "cancelled"]);
  });

  it("comes after the approval: approved before it the change waits, approved after it the change is made at once", async () => {
    const version = await makeSensitive("both");
    const early = await save(ann, "both", version, { isSensitive: true, description: "early", at: inMs(HOUR_MS) });
    expect(early.outcome).toBe("waiting_for_approval");
    const jobs = () =>
      plane.database.owner`select run_at from graphile_worker.jobs where key = ${`flag-change ${idOf(early)}`}`;
    expect(await jobs()).toEqual([]);
    expect(await bob.flags.approveChange({ id: idOf(early) })).toMatchObject({
      outcome: "scheduled",
      flag: { version },
      change: { state: "scheduled", decidedByName: "operator" },
    });
    expect(await jobs()).toEqual([{ run_at: early.change?.scheduledAt }]);
    const late = await save(ann, "both", version, { isSensitive: true, description: "late", at: inMs(HOUR_MS) });
    await plane.database
      .owner`update flag_changes set scheduled_at = now() - interval '1 day' where id = ${idOf(late)}`;
    expect(await bob.flags.approveChange({ id: idOf(late) })).toMatchObject({
      outcome: "saved",
      change: { state: "applied" },
    });
    expect((await flagOf("both")).description).toBe("late");
  });
});

it("what is old is deleted: use after 90 days, changes a year after they ended, and nothing that waits", async () => {
  const { owner } = plane.database;
  await makeFlag("old");
  await owner`insert into flag_usage (key, variant, source, hour, count)
    values ('old', 'on', 'cloud', now() - interval '91 days', 1), ('old', 'on', 'cloud', now() - interval '89 days', 2)`;
  await owner`update flag_changes set finished_at = now() - interval '366 days' where flag_key = 'door'`;
  const before = await owner`select count(*)::int as changes from flag_changes`;
  expect(await pruneFlags(plane.admin.asSystem("test"))).toBe(2);
  expect(await owner`select count from flag_usage where key = 'old'`).toEqual([{ count: "2" }]);
  expect(await owner`select count(*)::int as changes from flag_changes`).toEqual([{ changes: before[0]?.changes - 1 }]);
});

/** A worker as a process of its own. */
const WORKER = `
  import "reflect-metadata";
  import { createLogger } from "@kombify/server";
  import { createControlPlane } from "./src/control-plane.ts";
  import { startWorker } from "./src/worker.ts";
  const log = createLogger({ name: "test", level: "silent" });
  const plane = await createControlPlane({
    databaseUrl: process.env.WEB_URL, encryptionKey: process.env.ENCRYPTION_KEY, audience: "admin", log,
    cloudUrl: "http://localhost:3000", adminUrl: "http://localhost:3001", agentApiUrl: "https://localhost:3002", secureCookies: false,
  });
  await startWorker({ db: plane.db, can: plane.can, log, workerDatabaseUrl: process.env.WORKER_URL });
`;
