import { expect, test } from "vitest";
import { dangersOf } from "./dangers.ts";

const host = { name: "stack-2", connection: "connected", placesUsed: 12, capacity: 50 } as const;

test("cutting an agent off says that its Stack goes on, and for how many", () => {
  const [revoke] = dangersOf(host);
  expect(revoke.refusal).toBeNull();
  expect(revoke.effects.join(" ")).toContain("goes on serving what it has: 12 tenants");
});

test("an instance with tenants or with an agent cannot be removed, and the page says why", () => {
  expect(dangersOf(host)[1].refusal).toContain("12 tenants live on stack-2");
  expect(dangersOf({ ...host, placesUsed: 0 })[1].refusal).toContain("connected");
  expect(dangersOf({ ...host, placesUsed: 0, connection: "revoked" })[1].refusal).toBeNull();
});

test("an agent that is not there cannot be cut off", () => {
  expect(dangersOf({ ...host, connection: "pending" })[0].refusal).not.toBeNull();
  expect(dangersOf({ ...host, connection: "revoked" })[0].refusal).not.toBeNull();
  expect(dangersOf({ ...host, connection: "offline" })[0].refusal).toBeNull();
});
