import { createTestPocketBase, hasPocketBase } from "@kombify/embedded-pocketbase/testing";
import PocketBase from "pocketbase";
import { expect, test } from "vitest";
import { buildSingleTenant } from "./build.ts";

test.skipIf(!hasPocketBase)(
  "the same seed gives the same single-tenant Stack, with files and people who can log in",
  async () => {
    const dumps: unknown[] = [];
    for (let i = 0; i < 2; i++) {
      const { url, superuser, drop } = await createTestPocketBase();
      const started = performance.now();
      const built = await buildSingleTenant(url, superuser, i === 0 ? {} : {});
      console.log(`built in ${Math.round(performance.now() - started)} ms`);
      const pb = new PocketBase(url);
      const { email, password, id } = built.person(0);
      const { record } = await pb.collection("users").authWithPassword(email, password);
      expect(record.id).toBe(id);
      const stacks = await pb.collection("stacks").getFullList({ sort: "id", expand: "nodes_via_stack_id" });
      dumps.push(
        stacks.map(({ created: _c, updated: _u, documents, secret: _s, expand, ...rest }) => [
          rest,
          documents.length,
          expand?.nodes_via_stack_id?.length,
        ]),
      );
      await drop();
    }
    expect(dumps[0]).toEqual(dumps[1]);
  },
);
