import type { ImportedFlagsView } from "@kombify/api/schemas";
import { expect, test } from "vitest";
import { importSummary } from "./import-words.ts";

const result = (...items: [noun: "flag" | "segment", outcome: ImportedFlagsView["items"][number]["outcome"]][]) => ({
  dryRun: true,
  items: items.map(([noun, outcome], at) => ({ noun, key: `k${at}`, outcome, differences: [] })),
});

test("an import is said in one sentence, with what changes first", () => {
  expect(
    importSummary(
      result(
        ["flag", "unchanged"],
        ["flag", "created"],
        ["segment", "updated"],
        ["flag", "created"],
        ["flag", "removed"],
      ),
    ),
  ).toBe("2 flags new, 1 segment changed, 1 flag removed, 1 flag unchanged.");
  expect(importSummary(result(["flag", "unchanged"]))).toBe("Everything in the file is as it is here already.");
});
