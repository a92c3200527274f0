import { expect, test } from "vitest";
import { newTenants } from "./new-tenants.ts";

const open = { lifecycle: "active", connection: "connected", cordonedAt: null, capacity: 10, placesUsed: 3 } as const;

test("only a connected instance with room that nobody cordoned is called open", () => {
  expect(newTenants(open).label).toBe("Open");
  expect(newTenants({ ...open, placesUsed: 10 }).label).toBe("Full");
  expect(newTenants({ ...open, cordonedAt: new Date() }).label).toBe("Cordoned");
  expect(newTenants({ ...open, connection: "stale" }).label).toBe("Not while silent");
  expect(newTenants({ ...open, connection: "offline" }).label).toBe("Not while silent");
  expect(newTenants({ ...open, connection: "revoked" }).label).toBe("Not while cut off");
  expect(newTenants({ ...open, lifecycle: "planned", connection: "pending" }).label).toBe("Not yet");
});
