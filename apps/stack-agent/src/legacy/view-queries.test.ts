import { expect, test } from "vitest";
import { Dictionary } from "./dictionary.ts";
import { lostColumns, viewQuery } from "./view-queries.ts";

const entry = (name: string, to: string, fields: Array<[string, string]> = []) => ({
  id: `id_${name}`,
  names: { old: name, new: to },
  isAuth: false,
  fields: fields.map(([old, now]) => ({ names: { old, new: now }, type: "text", target: null, words: null })),
});
const names = new Dictionary([
  entry("stacks", "stacks_default"),
  entry("nodes", "nodes_default", [["stack", "stack_id"]]),
  entry("notes", "notes"),
]);

test.each([
  [
    "SELECT stacks.id, COUNT(nodes.id) AS nodes FROM stacks LEFT JOIN nodes ON nodes.stack_id = stacks.id",
    "SELECT stacks.id, COUNT(nodes.id) AS nodes FROM stacks_default AS stacks LEFT JOIN nodes_default AS nodes ON nodes.stack_id = stacks.id",
  ],
  [
    "select s.id from `stacks` s, nodes AS n where s.name = 'from nodes'",
    "select s.id from stacks_default s, nodes_default AS n where s.name = 'from nodes'",
  ],
  [
    "SELECT id, (SELECT count(*) FROM nodes) AS nodes FROM notes",
    "SELECT id, (SELECT count(*) FROM nodes_default AS nodes) AS nodes FROM notes",
  ],
  [
    "WITH nodes AS (SELECT id FROM stacks) SELECT id FROM nodes -- FROM stacks",
    "WITH nodes AS (SELECT id FROM stacks_default AS stacks) SELECT id FROM nodes -- FROM stacks",
  ],
])("tables of a view get their new names and everything else means what it meant: %s", (before, after) => {
  expect(viewQuery(before, names)).toBe(after);
});

test("a query that uses a column that was renamed is found", () => {
  expect(lostColumns("SELECT id, stack FROM nodes", names)).toEqual(["nodes.stack"]);
  expect(lostColumns("SELECT id, stack FROM notes", names)).toEqual([]);
});
