import { readFile } from "node:fs/promises";
import { exportFlags, importFlagFile, listFlags, operateFlag } from "@kombify/api";
import { importFlagsInput, listFlagsInput, reasonedFlagInput, removeFlagInput } from "@kombify/api/schemas";
import type { Command } from "commander";
import { CommandError, withControlPlane } from "./control-plane.ts";
import { ageOf, formatTable, printJson } from "./table.ts";

interface Schema<Output> {
  safeParse(
    input: unknown,
  ):
    | { success: true; data: Output }
    | { success: false; error: { issues: readonly { path: PropertyKey[]; message: string }[] } };
}

/** What was typed, as the verb takes it. @throws CommandError */
function taken<Output>(schema: Schema<Output>, input: unknown): Output {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CommandError(`${issue?.path.join(".") || "The input"}: ${issue?.message}`);
}

type Listed = Awaited<ReturnType<typeof listFlags>>["items"];

async function list(options: { search?: string; json?: true }): Promise<void> {
  await withControlPlane(async (plane) => {
    const ctx = plane.asSystem("command line");
    const items: Listed = [];
    let cursor: string | null = null;
    do {
      const asked = { limit: 200, ...(options.search && { search: options.search }), ...(cursor && { cursor }) };
      const page: Awaited<ReturnType<typeof listFlags>> = await listFlags(ctx, taken(listFlagsInput, asked));
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor);
    if (options.json) return printJson(items);
    const rows = items.map((flag) => [
      flag.key,
      flag.standing,
      flag.type,
      flag.owner,
      ageOf(flag.lastEvaluatedAt),
      String(flag.overrides),
      `${flag.instances - flag.instancesBehind}/${flag.instances}`,
    ]);
    console.log(formatTable(["key", "standing", "type", "owner", "evaluated", "overrides", "hosts"], rows));
  });
}

const exportFile = (): Promise<void> =>
  withControlPlane(async (plane) => printJson(await exportFlags(plane.asSystem("command line"))));

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new CommandError(`${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`);
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CommandError(`${path} is not JSON: ${cause instanceof Error ? cause.message : cause}`);
  }
}

async function importFile(
  path: string,
  options: { replace?: true; dryRun?: true; owner?: string; json?: true },
): Promise<void> {
  const input = taken(importFlagsInput, {
    file: await readJson(path),
    mode: options.replace ? "replace" : "merge",
    dryRun: options.dryRun ?? false,
    ...(options.owner === undefined ? {} : { owner: options.owner }),
  });
  await withControlPlane(async (plane) => {
    // Nobody is signed in here, so that nobody could be the first of two.
    const { items } = await importFlagFile(plane.asSystem("command line"), input, null);
    if (options.json) return printJson(items);
    const changed = items.filter(({ outcome }) => outcome !== "unchanged");
    for (const { noun, key, outcome } of changed) console.log(`${outcome.padEnd(8)} ${noun} ${key}`);
    console.log(`${changed.length} of ${items.length} ${options.dryRun ? "would be" : "are"} different.`);
  });
}

async function kill(key: string, options: { reason: string }): Promise<void> {
  const { reason: note } = taken(reasonedFlagInput, { key, reason: options.reason });
  await withControlPlane((plane) => operateFlag(plane.asSystem("command line"), { kind: "kill", key, note }));
  console.log(`${key} is killed: everybody gets its off-variant.`);
}

async function restore(key: string): Promise<void> {
  taken(removeFlagInput, { key });
  await withControlPlane((plane) => operateFlag(plane.asSystem("command line"), { kind: "restore", key, note: "" }));
  console.log(`${key} follows its rules again.`);
}

/** `flags list`, `export`, `import`, `kill`, `restore`. */
export function addFlags(program: Command): void {
  const flags = program.command("flags").description("feature flags");
  flags
    .command("list")
    .description("all flags: how they stand, who answers for them, and how many hosts have them as they are")
    .option("--search <text>", "in keys, descriptions and owners")
    .option("--json", "for programs")
    .action(list);
  flags
    .command("export")
    .description("all flags as a flagd flag-definition file, to the standard output")
    .action(exportFile);
  flags
    .command("import <file>")
    .description("take over a flagd flag-definition file, all of it or nothing")
    .option("--replace", "remove what the file does not name")
    .option("--dry-run", "say what would be different, and change nothing")
    .option("--owner <who>", "who answers for new flags of which the file does not say")
    .option("--json", "for programs")
    .action(importFile);
  flags
    .command("kill <key>")
    .description("give everybody the off-variant at once, whatever the rules say")
    .requiredOption("--reason <text>", "why, for those who look at it later")
    .action(kill);
  flags.command("restore <key>").description("let the rules decide again").action(restore);
}
