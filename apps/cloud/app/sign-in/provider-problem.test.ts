import { SIGN_IN_REFUSALS } from "@kombify/api/schemas";
import { expect, test } from "vitest";
import { providerProblem } from "./provider-problem.ts";

const providers = [{ id: "zitadel", name: "Zitadel" }];
const say = (query: string) => providerProblem(new URLSearchParams(query), providers);

test("every reason that the server has is a sentence of its own", () => {
  const fallback = say("problem=failed");
  const sentences = SIGN_IN_REFUSALS.filter((reason) => reason !== "failed").map((reason) => say(`problem=${reason}`));
  expect(new Set(sentences).size).toBe(sentences.length);
  expect(sentences).not.toContain(fallback);
});

test("no word of an address is shown, whoever wrote it", () => {
  expect(say("problem=<b>hello</b>&provider=<i>evil</i>")).toBe("You could not be signed in. Try again.");
  expect(say("problem=constructor")).toBe("You could not be signed in. Try again.");
  expect(say("problem=cancelled&provider=evil")).toContain("at your identity provider");
  expect(say("problem=cancelled&provider=zitadel")).toContain("at Zitadel");
  expect(say("")).toBeNull();
});
