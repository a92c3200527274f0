/** `npm test`: everything that a green build needs, from a bare checkout. The last line is the sum. */
import { fileURLToPath } from "node:url";
import { startVitest } from "vitest/node";
import { buildPortals } from "./start/portals.ts";
import { createProgress } from "./start/progress.ts";
import { EnginesTable } from "./test/engines-table.ts";
import { SumReporter } from "./test/sum-reporter.ts";
import { ensureSystemPackages } from "./test/system-packages.ts";

const progress = createProgress(process.stdout);
const isCi = process.env.CI === "true";
const filters = process.argv.slice(2);

async function main(): Promise<number> {
  const missing = await progress.step("system packages", ensureSystemPackages);
  for (const line of missing) progress.say(`    ${line}`);
  await progress.step("build of the portals", buildPortals);
  const sum = new SumReporter();
  const engines = new EnginesTable();
  const vitest = await startVitest(
    "test",
    filters,
    { watch: false, root: fileURLToPath(new URL("..", import.meta.url)), reporters: ["default", sum, engines] },
    {},
  );
  await vitest.close();
  const wrongTable = await engines.settle({ isWhole: filters.length === 0, isFixed: isCi });
  if (wrongTable) progress.say(wrongTable);
  const { passed, skipped, ...counted } = sum.counts();
  const failed = counted.failed + (wrongTable ? 1 : 0);
  const isSkipFatal = isCi && skipped > 0;
  if (isSkipFatal) progress.say("Tests were skipped although CI=true: a part that they need is missing.");
  progress.say(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return failed > 0 || passed === 0 || isSkipFatal ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  progress.say("0 passed, 1 failed, 0 skipped");
  process.exitCode = 1;
}
