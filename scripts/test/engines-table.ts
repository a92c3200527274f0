import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Reporter, TestCase, TestModule } from "vitest/node";

const FILE = fileURLToPath(new URL("../../docs/engines.md", import.meta.url));
const [BEGIN, END] = ["<!-- conformance: written by npm test -->", "<!-- /conformance -->"];
const SUITE = "engine conformance: ";
const ENGINES = ["PostgreSQL", "PocketBase"] as const;
const MARKS: Record<string, string> = { passed: "passes", failed: "FAILS", skipped: "not run" };

type Case = { part: string; name: string; engine: string; state: string };

/** A test of the conformance suite; null for any other. Its name is `engine conformance: part > engine > guarantee`. */
function caseOf(test: TestCase): Case | null {
  const [suite = "", engine = "", name = ""] = test.fullName.split(" > ");
  if (!suite.startsWith(SUITE)) return null;
  return { part: suite.slice(SUITE.length), engine, name, state: test.result().state };
}

/** The cases as a Markdown table, a line a guarantee and a column an engine. */
export function engineTable(cases: readonly Case[]): string {
  const rows = new Map<string, Case[]>();
  for (const one of cases) {
    const key = `${one.part}\n${one.name}`;
    rows.set(key, [...(rows.get(key) ?? []), one]);
  }
  const lines = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, found]) => {
      const [part, name] = key.split("\n");
      const marks = ENGINES.map((engine) => MARKS[found.find((one) => one.engine === engine)?.state ?? "skipped"]);
      return `| ${part} | ${name} | ${marks.join(" | ")} |`;
    });
  return [`| part | guarantee | ${ENGINES.join(" | ")} |`, "|---|---|---|---|", ...lines].join("\n");
}

/** Keeps the table in docs/engines.md what the last whole run of the conformance suite said. */
export class EnginesTable implements Reporter {
  #modules: ReadonlyArray<TestModule> = [];

  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    this.#modules = modules;
  }

  /**
   * Writes the table, or with `isFixed` only compares it.
   * @param isWhole whether every test was asked for; otherwise nothing is written.
   * @returns what is wrong with the document; null when nothing is.
   */
  async settle({ isWhole, isFixed }: { isWhole: boolean; isFixed: boolean }): Promise<string | null> {
    if (!isWhole) return null;
    const tests = this.#modules.flatMap((module) => [...module.children.allTests()]);
    const cases = tests.map(caseOf).filter((one) => one !== null);
    if (ENGINES.some((engine) => cases.every((one) => one.engine !== engine || one.state === "skipped"))) return null;
    const document = await readFile(FILE, "utf8");
    const [before, rest] = document.split(BEGIN);
    const after = rest?.split(END)[1];
    if (after === undefined) return `docs/engines.md has no ${BEGIN} and ${END} any more.`;
    const next = `${before}${BEGIN}\n${engineTable(cases)}\n${END}${after}`;
    if (next === document) return null;
    if (isFixed) return "docs/engines.md is not what this run says. Run npm test and commit it.";
    await writeFile(FILE, next);
    return null;
  }
}
