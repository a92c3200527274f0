import { expect, test } from "vitest";
import { durationText, isUpgradeShown, remainingText, type Upgrade, upgradeTitle } from "./upgrade-words.ts";

const startedAt = "2026-11-24T08:00:00.000Z";
const START = Date.parse(startedAt);
const upgrade: Upgrade = { toVersion: 3, total: 100, done: 37, quarantined: 1, startedAt };
const ended: Upgrade = { ...upgrade, done: 99, finishedAt: "2026-11-24T08:10:00.000Z" };
const END = START + 600_000;

test.each([
  [upgrade, "Collections are brought to version 3: 37 of 100 done, 1 quarantined"],
  [{ ...upgrade, done: 0, quarantined: 0, total: 1_200 }, "Collections are brought to version 3: 0 of 1,200 done"],
  [ended, "Collections were brought to version 3: 99 of 100 done, 1 quarantined"],
  [{ ...ended, done: 100, quarantined: 0 }, "Collections were brought to version 3: all 100 done"],
])("an upgrade reads: %#", (each, words) => {
  expect(upgradeTitle(each)).toBe(words);
});

test("an upgrade that ended well is shown for an hour, one that left somebody behind until they are repaired", () => {
  const well = { ...ended, done: 100, quarantined: 0 };
  expect(isUpgradeShown(upgrade, END + 86_400_000)).toBe(true);
  expect(isUpgradeShown(well, END + 3_599_000)).toBe(true);
  expect(isUpgradeShown(well, END + 3_601_000)).toBe(false);
  expect(isUpgradeShown(ended, END + 86_400_000)).toBe(true);
});

test("what remains is told from how it went, and not before there is something to tell it from", () => {
  expect(remainingText({ ...upgrade, done: 49, quarantined: 1 }, START + 60_000)).toBe("1 min");
  expect(remainingText({ ...upgrade, done: 2, quarantined: 0 }, START + 60_000)).toBeNull();
  expect(remainingText(upgrade, START + 1_000)).toBeNull();
  expect(remainingText(upgrade, null)).toBeNull();
  expect(remainingText(ended, END)).toBeNull();
});

test.each([
  [200, "1 s"],
  [8_400, "8 s"],
  [252_000, "4 min 12 s"],
  [7_500_000, "2 h 5 min"],
])("%i milliseconds are %s", (ms, words) => {
  expect(durationText(ms)).toBe(words);
});
