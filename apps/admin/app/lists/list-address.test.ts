import { expect, test } from "vitest";
import { listQuery, oneOf, textOf } from "./list-address.ts";

const current = new URLSearchParams("search=ada&status=&sort=-name&cursor=abc");

test("another order or filter keeps the rest and begins at the first page", () => {
  expect(listQuery(current, { sort: "name" })).toBe("?search=ada&sort=name");
  expect(listQuery(current, { search: null, sort: null })).toBe("?");
});

test("the next page keeps filters and order", () => {
  expect(listQuery(current, { cursor: "def" })).toBe("?search=ada&sort=-name&cursor=def");
});

test("a word that is not one of the filter's shows the whole list", () => {
  expect(oneOf(new URLSearchParams("status=active"), "status", ["active", "suspended"])).toBe("active");
  expect(oneOf(new URLSearchParams("status=nonsense"), "status", ["active", "suspended"])).toBeUndefined();
  expect(textOf(new URLSearchParams("search=%20"), "search")).toBeUndefined();
});
