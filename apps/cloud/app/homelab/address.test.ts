import { SLUG_PATTERN } from "@kombify/agent-contract";
import { expect, test } from "vitest";
import { homelabAddress, previewSlug } from "./address.ts";

test.each([
  ["Ada's lab", "adaslab"],
  ["Café Zürich", "cafezurich"],
  ["42 answers", "lab42answers"],
  ["  --  ", ""],
  ["An extraordinarily long name", "anextraordinarilylon"],
])("%j becomes %j", (name, slug) => {
  expect(previewSlug(name)).toBe(slug);
});

test("a preview of two letters or more is a slug that the server can take", () => {
  for (const name of ["Ada's lab", "Café Zürich", "Ωmega Box", "9 to 5"])
    expect(previewSlug(name)).toMatch(SLUG_PATTERN);
});

test("the address is the portal's host and the slug", () => {
  expect(homelabAddress("http://localhost:3000", "ada")).toBe("localhost:3000/h/ada");
});
