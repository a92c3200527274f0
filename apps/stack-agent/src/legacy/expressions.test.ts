import { expect, test } from "vitest";
import type { PocketBaseCollection } from "../engine/pocketbase/client.ts";
import { Dictionary, known } from "./dictionary.ts";
import { expression, lostWords } from "./expressions.ts";
import { fieldPath, picked, TO_NEW, TO_OLD } from "./paths.ts";

const collection = (name: string, fields: Array<[string, string?]>, type = "base"): PocketBaseCollection => ({
  id: `id_${name}`,
  name,
  type,
  fields: fields.map(([field, target]) =>
    target ? { name: field, type: "relation", collectionId: `id_${target}` } : { name: field, type: "text" },
  ),
  indexes: [],
  listRule: null,
  viewRule: null,
  createRule: null,
  updateRule: null,
  deleteRule: null,
});

const words = {
  to: new Map([
    ["cancelled", "canceled"],
    ["active", "running"],
  ]),
  back: new Map([["canceled", "cancelled"]]),
};
const names = new Dictionary([
  known(collection("jobs", [["state"], ["message"]]), "jobs_default", {}, ({ name }) =>
    name === "state" ? words : null,
  ),
  known(collection("users", [["name"], ["home", "stacks"]], "auth"), "users_default"),
  known(collection("stacks", [["name"], ["nodes"], ["stack"], ["owner", "users"]]), "stacks_default"),
  known(collection("nodes", [["name"], ["stack", "stacks"]]), "nodes_default", { stack: "stack_id" }),
  known(collection("notes", [["text"], ["stack", "stacks"], ["node", "nodes"]]), "notes"),
]);
const base = (name: string) => names.find(name, "old");

test.each([
  [
    "nodes",
    'stack.owner = @request.auth.id && name != "stack"',
    'stack_id.owner = @request.auth.id && name != "stack"',
  ],
  ["stacks", 'nodes ~ "stacks" && stack = "nodes"', 'nodes ~ "stacks" && stack = "nodes"'],
  ["stacks", 'nodes_via_stack.name ?= "x"', 'nodes_default_via_stack_id.name ?= "x"'],
  ["stacks", "id_nodes_via_stack.name:lower ?= 'x'", "id_nodes_via_stack_id.name:lower ?= 'x'"],
  [
    "notes",
    "node.stack.owner.home.nodes_via_stack.stack ?= stack",
    "node.stack_id.owner.home.nodes_default_via_stack_id.stack_id ?= stack",
  ],
  [
    "notes",
    "@collection.nodes:mine.stack ?= stack.id // @collection.nodes.stack",
    "@collection.nodes_default:mine.stack_id ?= stack.id // @collection.nodes.stack",
  ],
  [
    "nodes",
    '@request.body.stack:isset = true && @request.query.stack = ""',
    '@request.body.stack_id:isset = true && @request.query.stack = ""',
  ],
  [
    "notes",
    '@request.auth.collectionName = "users" && text = "users"',
    '@request.auth.collectionName = "users_default" && text = "users"',
  ],
  ["notes", "'nodes' = node.collectionName", "'nodes_default' = node.collectionName"],
  [
    "notes",
    "@request.auth.home.nodes_via_stack.id ?= node",
    "@request.auth.home.nodes_default_via_stack_id.id ?= node",
  ],
  [
    "jobs",
    'state = "cancelled" || "cancelled" ?!= state || message = "cancelled" || state ~ "cancelled"',
    'state = "canceled" || "canceled" ?!= state || message = "cancelled" || state ~ "cancelled"',
  ],
  [
    "nodes",
    'strftime("%Y", stack.created) = "2024" && (stack="a\\"b")',
    'strftime("%Y", stack_id.created) = "2024" && (stack_id="a\\"b")',
  ],
])("in a rule of %s only names that PocketBase reads as such are translated: %s", (collectionName, before, after) => {
  expect(expression(before, base(collectionName), names, TO_NEW)).toBe(after);
  expect(expression(after, base(collectionName), names, TO_OLD)).toBe(before);
});

test("paths of sort, expand and fields are translated along their relations, there and back", () => {
  expect(fieldPath("node.stack.nodes_via_stack", base("notes"), names, TO_NEW)).toBe(
    "node.stack_id.nodes_default_via_stack_id",
  );
  expect(fieldPath("nodes(stack).stack", base("stacks"), names, TO_NEW)).toBe("nodes_default(stack_id).stack_id");
  const fields = "expand.node.expand.stack.name:excerpt(9)";
  expect(picked(fields, base("notes"), names, TO_NEW)).toBe("expand.node.expand.stack_id.name:excerpt(9)");
  expect(picked(picked(fields, base("notes"), names, TO_NEW), base("notes"), names, TO_OLD)).toBe(fields);
});

test("a value that becomes the same as another is found in a rule", () => {
  expect(lostWords('state = "active" && message = "active" && state != "cancelled"', base("jobs"), names)).toEqual([
    'state "active"',
  ]);
});
