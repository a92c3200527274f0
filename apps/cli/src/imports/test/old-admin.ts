/** An old Admin center: a real PocketBase with its collections, built through its API, with rows of every bad kind. */
import type { PocketBaseServer } from "@kombify/embedded-pocketbase";
import PocketBase from "pocketbase";

type Row = Record<string, unknown> & { id: string };

const LAYERS = ["L1", "L2", "L3"];
const AT_ONCE = 20;
const id = (kind: string, n: number): string => `${kind}${String(n).padStart(15 - kind.length, "0")}`;
const day = (n: number): string => new Date(Date.UTC(2025, 0, 1, 0, n * 37)).toISOString().replace("T", " ");
const range = <T>(from: number, to: number, make: (n: number) => T): T[] =>
  Array.from({ length: to - from + 1 }, (_, index) => make(from + index));

const text = (name: string) => ({ name, type: "text", max: 20_000 });
const json = (name: string) => ({ name, type: "json" });
const times = [
  { name: "created", type: "autodate", onCreate: true },
  { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
];

/** Names of fields as people choose them: some in camelCase, some in snake_case. */
const COLLECTIONS = [
  {
    name: "tools",
    fields: [
      ...["name", "displayName", "version", "layer", "maturity", "image", "tag", "docsUrl", "icon", "category"].map(
        text,
      ),
      ...[json("needs"), json("ports"), { name: "popularity", type: "number" }, ...times],
    ],
  },
  {
    name: "instances",
    fields: [
      ...["name", "url", "region", "status", "join_secret"].map(text),
      ...[
        { name: "capacity", type: "number" },
        { name: "tenant_count", type: "number" },
      ],
      ...[{ name: "last_health", type: "date" }, ...times],
    ],
  },
  {
    name: "feature_flags",
    fields: [
      ...["key", "description", "kind", "owner"].map(text),
      { name: "enabled", type: "bool" },
      { name: "rollout_percentage", type: "number" },
      json("rules"),
      ...times,
    ],
  },
  {
    name: "audit_logs",
    fields: [...["actor", "action", "target", "message"].map(text), json("details"), { name: "created", type: "date" }],
  },
];

const tools: Row[] = [
  ...range(1, 16, (n) => ({
    ...{
      id: id("tool", n),
      name: `tool-${n}`,
      displayName: `Tool ${n} – ünïcode 🛠`,
      layer: LAYERS[n % 3],
      maturity: "stable",
    },
    ...{
      image: "ghcr.example/tool",
      tag: `v${n}`,
      needs: n > 1 ? ["tool-1"] : [],
      ports: [8000 + n, "53/udp"],
      popularity: n,
    },
  })),
  { id: id("tool", 17), name: "", displayName: "Nameless", layer: "L1" },
  { id: id("tool", 18), name: "tool-3", displayName: "Third again", layer: "L1" },
  { id: id("tool", 19), name: "tool-19", displayName: "x".repeat(201), layer: "L1" },
  { id: id("tool", 20), name: "tool-20", layer: "L1", ports: { web: "eighty" } },
];
const instances: Row[] = [
  ...range(1, 4, (n) => ({
    ...{ id: id("inst", n), name: `Stack EU ${n}`, url: `https://eu${n}.example.com`, region: "eu", status: "online" },
    ...{ capacity: 25, tenant_count: n, last_health: day(n), join_secret: "never-to-be-kept" },
  })),
  { id: id("inst", 5), name: "Stack US", status: "sideways", capacity: 1 },
];
const healthChecks: Row[] = [
  ...range(1, 290, (n) => ({
    ...{
      id: id("chck", n),
      instance: id("inst", (n % 4) + 1),
      status: n % 50 ? "up" : "down",
      response_ms: n,
      checked: day(n),
    },
  })),
  ...range(291, 294, (n) => ({ id: id("chck", n), instance: id("inst", 5), status: "up", checked: day(n) })),
  ...range(295, 296, (n) => ({ id: id("chck", n), status: "up", checked: day(n) })),
  ...range(297, 298, (n) => ({ id: id("chck", n), instance: id("inst", 1), status: "perhaps", checked: day(n) })),
  ...range(299, 300, (n) => ({
    id: id("chck", n),
    instance: id("inst", 1),
    status: "up",
    checked: day(n),
    response_ms: -1,
  })),
];
const flags: Row[] = [
  ...range(1, 7, (n) => ({
    ...{
      id: id("flag", n),
      key: `feature_${n}`,
      enabled: n % 2 === 0,
      kind: "beta",
      owner: "ann",
      rollout_percentage: n * 14,
    },
    ...{ rules: n === 2 ? [{ attribute: "plan", operator: "in", values: ["pro"] }] : null },
  })),
  { id: id("flag", 8), key: "feature_1", enabled: true, rollout_percentage: 100 },
  { id: id("flag", 9), key: "feature_9", enabled: true, rules: [{ attribute: "a", operator: "regex", value: "." }] },
  { id: id("flag", 10), key: "feature_10", enabled: true, rollout_percentage: 140 },
];
const audit: Row[] = [
  ...range(1, 396, (n) => ({
    ...{
      id: id("audt", n),
      actor: n % 7 ? "ann@example.com" : "system",
      action: "tool.update",
      target: `tool:tool-${n % 16}`,
    },
    ...{ created: day(n), details: { before: n, password: "never-to-be-kept" } },
  })),
  { id: id("audt", 397), actor: "ann@example.com", target: "x", created: day(397) },
  {
    id: id("audt", 398),
    actor: "ann@example.com",
    action: "x",
    target: "x",
    created: day(398),
    message: "y".repeat(2001),
  },
  { id: id("audt", 399), actor: "ann@example.com", action: "x", target: "x" },
  { id: id("audt", 400), actor: "ann@example.com", action: "z".repeat(101), target: "x", created: day(400) },
];

/** A signed-in client of the library itself. */
export async function clientOf({ url, superuser }: PocketBaseServer): Promise<PocketBase> {
  const client = new PocketBase(url).autoCancellation(false);
  await client.collection("_superusers").authWithPassword(superuser.email, superuser.password);
  return client;
}

async function fill(client: PocketBase, collection: string, rows: Row[]): Promise<void> {
  for (let at = 0; at < rows.length; at += AT_ONCE)
    await Promise.all(rows.slice(at, at + AT_ONCE).map((row) => client.collection(collection).create(row)));
}

/** 20 tools, 5 instances, 300 health checks, 10 flags and 400 audit rows, some of which cannot be taken. */
export async function buildOldAdmin(server: PocketBaseServer): Promise<PocketBase> {
  const client = await clientOf(server);
  for (const collection of COLLECTIONS) await client.collections.create({ type: "base", ...collection });
  const { id: collectionId } = await client.collections.getOne("instances");
  await client.collections.create({
    ...{ type: "base", name: "health_checks" },
    fields: [
      ...[{ name: "instance", type: "relation", collectionId, maxSelect: 1 }, text("status")],
      ...[
        { name: "response_ms", type: "number" },
        { name: "checked", type: "date" },
      ],
    ],
  });
  await fill(client, "tools", tools);
  await fill(client, "instances", instances);
  await fill(client, "health_checks", healthChecks);
  await fill(client, "feature_flags", flags);
  await fill(client, "audit_logs", audit);
  return client;
}
