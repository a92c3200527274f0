/** What a flag was, against a real database, and going back to it. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Caller } from "../router.ts";
import { createTestPlane, type Person, signInStaff, signUpPerson, type TestPlane } from "../testing.ts";
import { writeFlags } from "./flags-testing.ts";

let plane: TestPlane;
let api: Caller;
let ann: Person;

beforeAll(async () => {
  plane = await createTestPlane();
  ({ api } = await signInStaff(plane));
  ann = await signUpPerson(plane, "ann");
});
afterAll(() => plane.close());

const definition = { owner: "core", variants: { on: true, off: false }, defaultVariant: "off" };
const historyOf = async (key: string) => (await api.flags.history({ key })).items;

it("every version is there with what was different, who did it and why, newest first and in pages", async () => {
  await api.flags.save({ key: "told", definition, version: 0, note: "begun" });
  await api.flags.save({
    key: "told",
    definition: { ...definition, defaultVariant: "on" },
    version: 1,
    note: "for all",
  });
  await api.flags.saveOverride({ key: "told", tenant: ann.tenant.slug, variant: "off", reason: "asked" });
  await api.flags.kill({ key: "told", reason: "it burns" });
  const items = await historyOf("told");
  expect(items).toMatchObject([
    {
      version: 4,
      action: "kill",
      note: "it burns",
      actorName: "owner",
      canRevert: false,
      differences: [
        { what: "Off-variant", before: null, after: "off" },
        { what: "Killed", before: null, after: "it burns" },
      ],
    },
    {
      version: 3,
      action: "override",
      differences: [{ what: `Override for ${ann.tenant.slug}`, before: null, after: "off" }],
    },
    {
      version: 2,
      action: "update",
      note: "for all",
      differences: [{ what: "Default variant", before: "off", after: "on" }],
    },
    { version: 1, action: "create", note: "begun", canRevert: true },
  ]);
  expect(items[3]?.differences).toContainEqual({ what: "Variant on", before: null, after: "true" });
  const first = await api.flags.history({ key: "told", limit: 3 });
  expect(first.items).toEqual(items.slice(0, 3));
  expect((await api.flags.history({ key: "told", limit: 3, cursor: first.nextCursor ?? "" })).items).toEqual(
    items.slice(3),
  );
});

it("going back makes a new version of the old rules, and leaves the kill switch and the overrides alone", async () => {
  const { flag } = await api.flags.revert({ key: "told", version: 1 });
  expect(flag).toMatchObject({ version: 5, standing: "killed", overrides: 1, definition: { defaultVariant: "off" } });
  expect((await historyOf("told"))[0]).toMatchObject({
    action: "revert",
    note: "Back to version 1",
    differences: expect.arrayContaining([{ what: "Default variant", before: "on", after: "off" }]),
  });
  await expect(api.flags.revert({ key: "told", version: 99 })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

it("a flag that was removed has its history still, and comes back with it", async () => {
  await api.flags.save({ key: "gone", definition, version: 0 });
  await api.flags.remove({ key: "gone", note: "settled" });
  expect(await historyOf("gone")).toMatchObject([
    { version: 2, action: "remove", note: "settled", canRevert: false },
    { version: 1, action: "create", canRevert: true },
  ]);
  await expect(api.flags.revert({ key: "gone", version: 2 })).rejects.toMatchObject({ code: "PRECONDITION" });
  expect((await api.flags.revert({ key: "gone", version: 1 })).flag).toMatchObject({ version: 3, definition });
  await expect(api.flags.history({ key: "never" })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

it("what an imported flag was before its first change here is kept, however little was known of it", async () => {
  await writeFlags(plane.database, { old: { variant: "on" } });
  await plane.database.owner`update flags set kind = 'billing' where key = 'old'`;
  expect(await historyOf("old")).toEqual([]);
  await api.flags.save({ key: "old", definition, version: 1 });
  expect((await historyOf("old")).map(({ action, canRevert }) => [action, canRevert])).toEqual([
    ["update", false],
    ["import", true],
  ]);
  expect((await api.flags.revert({ key: "old", version: 1 })).flag?.definition).toMatchObject({
    owner: "",
    kind: "billing",
    defaultVariant: "on",
  });
});
