import { expect, test } from "vitest";
import { passwordStrength } from "./password-strength.ts";

test.each([
  ["short", 0],
  ["ninechars", 0],
  ["aaaaaaaaaaaaaaaa", 1],
  ["1234567890123", 1],
  ["password1234", 1],
  ["Password2024!", 1],
  ["mvkehzqpwt", 2],
  ["blue-Kettle7", 2],
  ["correct horse battery staple", 3],
  ["Vq8$kd02!xPz&w7", 3],
] as const)("%s is rated %i", (password, score) => {
  expect(passwordStrength(password, 10).score).toBe(score);
});

test("what is too short says how much is missing", () => {
  expect(passwordStrength("ninechars", 10).advice).toBe("1 more character.");
  expect(passwordStrength("", 10).advice).toBe("10 more characters.");
});
