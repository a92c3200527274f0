import { expect, test } from "vitest";
import { standingOf } from "./authorities.tsx";

test("while one CA takes over from another, each says what it does", () => {
  const of = (activatedAt: Date | null) => ({
    fingerprint: "f",
    createdAt: new Date(0),
    activatedAt,
    notAfter: new Date(1),
  });
  const [next, now, before] = [of(null), of(new Date(2)), of(new Date(1))];
  const words = (all: ReturnType<typeof of>[]) => all.map((each) => standingOf(each, all));
  expect(words([next, now])).toEqual(["Trusted, does not issue yet", "Issues"]);
  expect(words([now, before])).toEqual(["Issues", "Trusted until nobody needs it"]);
});
