import { expect, test } from "vitest";
import { homelabAddress } from "./address.ts";

test("the address is the portal's host and the slug", () => {
  expect(homelabAddress("http://localhost:3000", "ada")).toBe("localhost:3000/h/ada");
});
