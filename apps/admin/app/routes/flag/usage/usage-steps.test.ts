import { expect, test } from "vitest";
import { stepText, stepWords, usageSteps } from "./usage-steps.ts";

const at = (hour: number) => new Date(Date.UTC(2026, 10, 24, hour));

test("each step has every variant, none where it was not given", () => {
  const series = [
    { variant: "on", points: [{ at: at(2), count: 5 }] },
    {
      variant: "off",
      points: [
        { at: at(1), count: 7 },
        { at: at(2), count: 1 },
      ],
    },
  ];
  expect(usageSteps({ series })).toEqual([
    {
      at: at(1),
      total: 7,
      counts: [
        { variant: "on", count: 0 },
        { variant: "off", count: 7 },
      ],
    },
    {
      at: at(2),
      total: 6,
      counts: [
        { variant: "on", count: 5 },
        { variant: "off", count: 1 },
      ],
    },
  ]);
});

test("a step is named by its hour, at midnight and for whole days by its day", () => {
  expect(stepText(at(9), 3600)).toBe("09:00");
  expect(stepText(at(0), 3600)).toBe("24 Nov");
  expect(stepText(at(0), 86_400)).toBe("24 Nov");
  expect([3600, 21_600, 86_400].map(stepWords)).toEqual(["hour", "6 hours", "day"]);
});
