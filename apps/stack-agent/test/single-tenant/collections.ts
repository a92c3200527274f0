/** The collections of a Stack from before there were tenants, as its own developers wrote them. */
import type { PocketBaseField } from "../../src/engine/pocketbase/client.ts";

/** How a Stack calls the field of a node that names its stack; they differed. */
export type StackField = "stack_id" | "stack" | "stackId";

const text = (name: string, options = {}): PocketBaseField => ({ name, type: "text", ...options });
const select = (name: string, values: string[], options = {}): PocketBaseField => ({
  name,
  type: "select",
  maxSelect: 1,
  values,
  ...options,
});
const relation = (name: string, collectionId: string, options = {}): PocketBaseField => ({
  name,
  type: "relation",
  collectionId,
  maxSelect: 1,
  ...options,
});
const json = (name: string): PocketBaseField => ({ name, type: "json", maxSize: 0 });
const times: PocketBaseField[] = [
  { name: "created", type: "autodate", onCreate: true },
  { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
];

const IDS = { users: "_pb_users_auth_", stacks: "oldstacks000001", nodes: "oldnodes0000001", jobs: "oldjobs00000001" };

/** @param usersFields the fields that PocketBase gave its first collection of people. */
export function collectionsOf(stack: StackField, usersFields: readonly PocketBaseField[]) {
  const passwords = usersFields.map((field) => (field.name === "password" ? { ...field, cost: 4 } : field));
  const mine = "owner = @request.auth.id";
  const ofMine = `${stack}.owner = @request.auth.id`;
  return [
    {
      id: IDS.users,
      name: "users",
      type: "auth",
      fields: [...passwords, select("role", ["admin", "user"])],
      indexes: [],
      listRule: '@request.auth.id != "" && @request.auth.collectionName = "users"',
      viewRule: '@request.auth.id != ""',
      createRule: "",
      updateRule: "id = @request.auth.id && @request.body.role:isset = false",
      deleteRule: "id = @request.auth.id",
    },
    {
      id: IDS.stacks,
      name: "stacks",
      type: "base",
      fields: [
        text("name", { required: true, max: 120 }),
        text("description"),
        text("code", { required: true }),
        relation("owner", IDS.users, { required: true }),
        { name: "isPublic", type: "bool" },
        select("mode", ["easy", "techie"]),
        select("status", ["draft", "running", "stopped", "error", "active"]),
        json("services"),
        json("config"),
        { name: "documents", type: "file", maxSelect: 5, maxSize: 50 * 1024 * 1024 },
        { name: "secret", type: "file", maxSelect: 1, maxSize: 1024 * 1024, protected: true },
        ...times,
      ],
      indexes: [
        "CREATE INDEX `idx_stacks_owner` ON `stacks` (`owner`)",
        "CREATE UNIQUE INDEX `idx_stacks_code` ON `stacks` (`code`)",
      ],
      listRule: `${mine} || isPublic = true`,
      viewRule: `${mine} || isPublic = true`,
      createRule: `@request.auth.id != "" && ${mine}`,
      updateRule: mine,
      deleteRule: mine,
    },
    {
      id: IDS.nodes,
      name: "nodes",
      type: "base",
      fields: [
        text("name", { required: true }),
        relation(stack, IDS.stacks, { required: true, cascadeDelete: true }),
        select("role", ["main", "worker", "storage"]),
        select("status", ["pending", "connected", "online", "offline"]),
        text("address"),
        { name: "cores", type: "number", onlyInt: true },
        select("tags", ["lab", "home", "office"], { maxSelect: 3 }),
        json("metadata"),
        ...times,
      ],
      indexes: [`CREATE INDEX \`idx_nodes_stack\` ON \`nodes\` (\`${stack}\`, \`created\`)`],
      listRule: ofMine,
      viewRule: ofMine,
      createRule: ofMine,
      updateRule: `@collection.stacks.owner ?= @request.auth.id && ${ofMine}`,
      deleteRule: ofMine,
    },
    {
      id: IDS.jobs,
      name: "jobs",
      type: "base",
      fields: [
        select("type", ["provision", "deploy", "destroy", "update", "backup"], { required: true }),
        select("state", ["pending", "running", "completed", "failed", "cancelled"]),
        relation("stack_id", IDS.stacks, { cascadeDelete: true }),
        { name: "progress", type: "number", onlyInt: true },
        text("message"),
        json("logs"),
        ...times,
      ],
      indexes: ["CREATE INDEX `idx_jobs_state` ON `jobs` (`state`)"],
      listRule: "stack_id.owner = @request.auth.id",
      viewRule: 'stack_id.owner = @request.auth.id && (state != "cancelled" || @request.auth.role = "admin")',
      createRule: null,
      updateRule: null,
      deleteRule: null,
    },
    {
      id: "oldnotes0000001",
      name: "notes",
      type: "base",
      fields: [
        text("text"),
        relation("author", IDS.users),
        relation("stack", IDS.stacks),
        relation("nodes", IDS.nodes, { maxSelect: 9 }),
      ],
      indexes: [],
      listRule: `author = @request.auth.id || stack.nodes_via_${stack}.name ?= "shared"`,
      viewRule: `author = @request.auth.id || @collection.stacks.owner ?= @request.auth.id`,
      createRule: '@request.auth.collectionName = "users"',
      updateRule: null,
      deleteRule: null,
    },
    {
      id: "oldoverview0001",
      name: "stack_overview",
      type: "view",
      viewQuery: `SELECT stacks.id, stacks.name, stacks.owner, COUNT(jobs.id) AS jobs FROM stacks LEFT JOIN jobs ON jobs.stack_id = stacks.id GROUP BY stacks.id`,
      listRule: mine,
      viewRule: mine,
      createRule: null,
      updateRule: null,
      deleteRule: null,
    },
  ];
}
