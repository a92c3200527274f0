import { describe, expect, it } from "vitest";
import type { Collection } from "../collection.ts";
import { readBatch } from "../read-legacy.ts";
import { emptyReport } from "../report.ts";
import { auditEventCollection } from "./audit-events.ts";
import { flagCollection } from "./flags.ts";
import { healthCheckCollection } from "./health-checks.ts";
import { instanceCollection } from "./instances.ts";
import { toolCollection } from "./tools.ts";

const created = "2025-03-04 05:06:07.089Z";

/** One old row as it is here, or the reason why it cannot be. */
function read(collection: Collection, row: Record<string, unknown>) {
  const report = emptyReport();
  const [taken] = readBatch(collection, [{ id: "abc", created, ...row }], report);
  const [refusal] = report.refused;
  return { ...taken, refusal: refusal && `${refusal.field} ${refusal.reason}` };
}

describe("field names", () => {
  it("are understood in camelCase, snake_case and by their usual other names", () => {
    const expected = { name: "dozzle", displayName: "Dozzle", docsUrl: "https://dozzle.dev", requiresProxy: true };
    for (const row of [
      { name: "dozzle", displayName: "Dozzle", docsUrl: "https://dozzle.dev", requiresProxy: true },
      { name: "dozzle", display_name: "Dozzle", docs_url: "https://dozzle.dev", requires_proxy: true },
      { key: "dozzle", title: "Dozzle", documentation_url: "https://dozzle.dev", needs_proxy: "true" },
    ])
      expect(read(toolCollection, { ...row, layer: "L2" }).row).toMatchObject(expected);
  });

  it("an empty field is as good as none, and the next spelling counts", () => {
    expect(read(toolCollection, { name: "", slug: "dozzle", layer: "L2", version: "" }).row).toMatchObject({
      name: "dozzle",
      version: null,
    });
  });

  it("what no field asked for is kept beside the row, without PocketBase's own and without credentials", () => {
    const { remainder, credentials } = read(toolCollection, {
      ...{ name: "dozzle", layer: "L2", collectionId: "pbc_1", updated: created, popularity: 7, empty: "" },
      ...{ admin_password: "hunter2", setup: { apiKey: "k", steps: [{ token: "t", name: "pull" }] } },
    });
    expect(remainder).toEqual({ popularity: 7, setup: { steps: [{ name: "pull" }] } });
    expect(credentials).toEqual(["admin_password", "setup.apiKey", "setup.steps[].token"]);
  });
});

describe("a row that cannot be taken is refused by the field's name there and with what would be right", () => {
  const tool = { name: "dozzle", layer: "L2" };
  it.each([
    [{ ...tool, name: undefined }, "name is missing"],
    [{ ...tool, name: "Two Words" }, "name must be a name such as adguard-home"],
    [{ ...tool, layer: "L9" }, 'layer is "L9", which is none of L1, L2, L3'],
    [{ ...tool, layer: undefined }, "layer is missing"],
    [{ ...tool, display_name: "x".repeat(201) }, "display_name is longer than 200 characters"],
    [{ ...tool, docsUrl: "javascript:alert(1)" }, "docsUrl must be an http or https address without a password in it"],
    [{ ...tool, docsUrl: "https://a:b@c.d" }, "docsUrl must be an http or https address without a password in it"],
    [{ ...tool, version: 7 }, "version must be text"],
    [{ ...tool, created: "yesterday" }, "created must be a time, such as 2026-11-01 10:00:00.000Z"],
    [{ ...tool, description: "a\0b" }, "description holds a NUL character, which no text here can"],
    [{ ...tool, description: "\ud800" }, "description holds half a character (a lone surrogate)"],
    [{ ...tool, extra: JSON.parse("[".repeat(40) + "]".repeat(40)) }, "extra is nested more than 32 deep"],
    [{ ...tool, extra: "x".repeat(70_000) }, "extra take more than 64 KiB together"],
  ])("%#: %o", (row, reason) => {
    expect(read(toolCollection, row).refusal).toBe(reason);
  });

  it("without an id it cannot be known again", () => {
    expect(read(toolCollection, { ...tool, id: 5 }).refusal).toBe("id must be text of 1 to 200 characters");
  });
});

it("ports are understood as numbers, as text and as mappings, of which the inner one counts", () => {
  const ports = (value: unknown) => read(toolCollection, { name: "dns", layer: 1, ports: value });
  const [web, dns] = [
    { port: 8080, protocol: "tcp" },
    { port: 53, protocol: "udp" },
  ];
  for (const value of [
    [8080, "53/udp"],
    "8080, 53/UDP",
    [
      { host: 80, container: 8080 },
      { port: 53, protocol: "udp" },
    ],
  ])
    expect(ports(value).row?.ports).toEqual([web, dns]);
  for (const value of [[0], ["http"], [{}], { web: 80 }]) expect(ports(value).refusal).toMatch(/^ports/);
});

describe("instances", () => {
  it("come as decommissioned, whatever they were, with a name of ours and their own beside it", () => {
    const { row, remainder } = read(instanceCollection, {
      ...{ name: "Stack EU 1", url: "https://eu1.example.com", status: "online", capacity: 25, tenant_count: 12 },
      last_health: created,
    });
    expect(row).toMatchObject({
      ...{ name: "stack-eu-1", lifecycle: "decommissioned", health: "healthy", capacity: 25, engine: "pocketbase" },
      ...{ publicUrl: "https://eu1.example.com", lastSeenAt: "2025-03-04T05:06:07.089Z" },
    });
    expect(remainder).toEqual({ name: "Stack EU 1", status: "online", tenant_count: 12 });
  });

  it.each([
    [{ name: "x" }, "name must make a name of 2 to 40 letters, digits and hyphens"],
    [
      { name: "eu", status: "sideways" },
      'status is "sideways", which is none of healthy, degraded, unhealthy, unknown',
    ],
    [{ name: "eu", capacity: "many" }, "capacity must be a number"],
    [{ name: "eu", capacity: -1 }, "capacity must not be negative"],
  ])("%#: %o", (row, reason) => {
    expect(read(instanceCollection, row).refusal).toBe(reason);
  });
});

it("a health check keeps its time, and says how long the answer took", () => {
  const check = { instance: "i1", status: "DOWN", checked_at: "2024-01-02T03:04:05Z", error: "502", responseMs: 812.4 };
  const { row, remainder } = read(healthCheckCollection, check);
  expect(row).toEqual({
    ...{ instance: "i1", at: "2024-01-02T03:04:05.000Z", kind: "unhealthy", detail: "502 · Answered in 812 ms" },
  });
  expect(remainder).toEqual({ status: "DOWN", responseMs: 812.4 });
});

describe("flags", () => {
  const flag = (more: Record<string, unknown>) => read(flagCollection, { key: "new-ui", enabled: true, ...more });

  it("a share is a fraction whose weights sum to 100000, and the two ends need no targeting", () => {
    expect(flag({ rollout_percentage: 12.5 }).row).toMatchObject({
      ...{ state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "off" },
      targeting: {
        fractional: [
          ["on", 12_500],
          ["off", 87_500],
        ],
      },
    });
    expect(flag({}).row).toMatchObject({ defaultVariant: "on", targeting: {} });
    expect(flag({ rollout_percentage: 0 }).row).toMatchObject({ defaultVariant: "off", targeting: {} });
    expect(flag({ enabled: false }).row).toMatchObject({ state: "DISABLED", defaultVariant: "on" });
  });

  it("with rules and a share, nobody who matches no rule gets it", () => {
    const rules = [
      { attribute: "plan", operator: "in", values: ["pro", "business"] },
      { field: "email", op: "ends_with", value: "@example.com" },
    ];
    const { row, remainder } = flag({ rules, rolloutPercentage: 50 });
    const match = {
      or: [{ in: [{ var: "plan" }, ["pro", "business"]] }, { ends_with: [{ var: "email" }, "@example.com"] }],
    };
    const half = {
      fractional: [
        ["on", 50_000],
        ["off", 50_000],
      ],
    };
    expect(row).toMatchObject({ defaultVariant: "off", targeting: { if: [match, half, "off"] } });
    expect(remainder).toEqual({ rules, rolloutPercentage: 50 });
  });

  it("one that is a flagd definition already stays what it is", () => {
    const definition = {
      ...{ state: "ENABLED", variants: { a: 1, b: 2 }, defaultVariant: "a", targeting: { if: [true, "b"] } },
    };
    expect(read(flagCollection, { key: "n", ...definition }).row).toMatchObject(definition);
  });

  it.each([
    [{ enabled: undefined }, "enabled is missing"],
    [{ rollout_percentage: 101 }, "rollout_percentage must be 0 to 100"],
    [
      { rules: [{ attribute: "x", operator: "regex", value: "." }] },
      'rules has the operator "regex", which cannot be said here',
    ],
    [{ rules: [{ operator: "eq" }] }, "rules has no attribute or no value"],
    [{ rules: "plan = pro" }, "rules must be a list of rules or JSONLogic"],
    [{ variants: { a: 1 }, defaultVariant: "b" }, "defaultVariant must be one of the variants"],
  ])("%#: %o", (more, reason) => {
    expect(flag(more).refusal).toBe(reason);
  });
});

describe("audit events", () => {
  it("keep time, actor and words; what they were done to is told apart", () => {
    expect(
      read(auditEventCollection, { actor: "ann@example.com", action: "tool.update", target: "tool:traefik" }).row,
    ).toEqual({
      ...{ at: "2025-03-04T05:06:07.089Z", actorKind: "staff", actorId: null, actorName: "ann@example.com" },
      ...{ action: "tool.update", targetKind: "tool", targetId: "traefik", summary: "tool.update on tool traefik" },
    });
    const byJob = {
      actor: { id: "7", name: "Backup" },
      actor_type: "cron",
      action: "x",
      target_type: "db",
      target_id: "a/b",
    };
    expect(read(auditEventCollection, { ...byJob, message: "Backed up" }).row).toMatchObject({
      ...{ actorKind: "system", actorId: "7", actorName: "Backup", targetKind: "db", targetId: "a/b" },
      summary: "Backed up",
    });
  });

  it.each([
    [{ target: "x" }, "action is missing"],
    [{ action: "x", target: "x", actor: "y".repeat(201) }, "actor must be a name of at most 200 characters"],
    [{ action: "x", target: "x", message: "y".repeat(2001) }, "message is longer than 2000 characters"],
  ])("%#: %o", (row, reason) => {
    expect(read(auditEventCollection, row).refusal).toBe(reason);
  });
});
