import { readFile } from "node:fs/promises";
import { createTestPlane, joinHost, signInStaff, type TestPlane } from "@kombify/api/testing";
import { gatewayFiles, readSettings } from "@kombify/infra-kong";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readFleet } from "./gateway.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await createTestPlane();
});
afterAll(() => plane.close());

it("the gateway gets every Stack that has joined, and the CAs of this installation", async () => {
  const owner = await signInStaff(plane);
  await joinHost(plane, owner, "stack-a");
  await joinHost(plane, owner, "staging-b");
  await owner.api.instances.register({ name: "never-joined" });

  const fleet = await readFleet(plane.admin, "https://{host}:3100");
  expect(fleet.instances).toEqual([
    { name: "stack-a", environment: "production", url: "https://localhost:3100" },
    { name: "staging-b", environment: "staging", url: "https://localhost:3100" },
  ]);
  expect(fleet.certificateAuthorities).toEqual(plane.admin.identity.current().ca);

  const example = JSON.parse(await readFile(new URL("../../../infra/kong/example.json", import.meta.url), "utf8"));
  const files = await gatewayFiles(readSettings({ ...example, ...fleet }));
  expect(files["kong.yml"]).toContain("staging-b.stacks.kombify.example");
  expect(files["kong.yml"]).not.toContain("never-joined");
});
