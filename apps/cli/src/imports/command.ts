import { type ImportReport, importHistory, type LegacySource } from "@kombify/api";
import type { Command } from "commander";
import { CommandError, withControlPlane } from "../control-plane.ts";
import { printJson } from "../table.ts";
import { startOnCopy } from "./pocketbase-folder.ts";
import { openPocketBase } from "./pocketbase-source.ts";
import { formatReport } from "./print-report.ts";

type Options = { url?: string; dir?: string; source: string; dryRun?: true; json?: true };

/** 128 and the number of SIGINT, as shells say it. */
const INTERRUPTED = 130;
const PROGRESS_MS = 1000;
const SAME_KEYSTROKE_MS = 1000;

/** Progress is not the result: it goes beside it. */
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** From the environment alone: an argument list can be read by everybody on the machine. */
function superuserOf({ SOURCE_SUPERUSER_EMAIL: email, SOURCE_SUPERUSER_PASSWORD: password }: NodeJS.ProcessEnv) {
  if (email && password) return { email, password };
  throw new CommandError("Set SOURCE_SUPERUSER_EMAIL and SOURCE_SUPERUSER_PASSWORD to a superuser of it.");
}

async function open({ url, dir }: Options): Promise<{ from: LegacySource; close(): Promise<void> }> {
  if ((url === undefined) === (dir === undefined)) throw new CommandError("Give either --url or --dir.");
  if (url !== undefined) {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new CommandError(`--url ${url}: give http(s)://...`);
    return { from: await openPocketBase(url, superuserOf(process.env)), close: async () => undefined };
  }
  const server = await startOnCopy(dir ?? "", say);
  try {
    return { from: await openPocketBase(server.url, server.superuser), close: server.close };
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Ctrl-C stops between two batches; a second one ends at once. One keystroke may arrive twice: by terminal and by npm. */
function stopOnSignal(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  let stoppedAt = 0;
  const onSignal = () => {
    if (controller.signal.aborted && Date.now() - stoppedAt > SAME_KEYSTROKE_MS) process.exit(INTERRUPTED);
    if (controller.signal.aborted) return;
    stoppedAt = Date.now();
    controller.abort();
    say("stopping after this batch");
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onSignal);
  const release = () => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, onSignal);
  };
  return { signal: controller.signal, release };
}

/** Says at most once a second how far a collection is. */
function progress(): (name: string, report: { read: number }) => void {
  let saidAt = Date.now();
  return (name, { read }) => {
    if (Date.now() - saidAt < PROGRESS_MS) return;
    saidAt = Date.now();
    say(`${name}: ${read} rows read`);
  };
}

async function takeOver(options: Options, signal: AbortSignal): Promise<ImportReport> {
  const { from, close } = await open(options);
  try {
    return await withControlPlane((controlPlane) =>
      importHistory(controlPlane.asSystem("command line"), {
        ...{ source: options.source, from, isDryRun: options.dryRun ?? false, signal, onProgress: progress() },
      }),
    );
  } finally {
    await close();
  }
}

async function importPocketBaseAdmin(options: Options): Promise<void> {
  const { signal, release } = stopOnSignal();
  const report = await takeOver(options, signal).finally(release);
  if (options.json) printJson(report);
  else console.log(formatReport(report));
  if (!report.isIntact) process.exitCode = 1;
  else if (!report.isComplete) process.exitCode = INTERRUPTED;
}

/** `import pocketbase-admin`. */
export function addImport(program: Command): void {
  program
    .command("import")
    .description("takes over what another system wrote down")
    .command("pocketbase-admin")
    .description("tools, instances, health checks, flags and the audit trail of an Admin center on PocketBase")
    .option("--url <url>", "of the running PocketBase; a superuser of it in SOURCE_SUPERUSER_EMAIL and _PASSWORD")
    .option("--dir <folder>", "the pb_data folder of one that does not run; it is copied and not changed")
    .option("--source <name>", "what to know it by, when there is more than one", "admin")
    .option("--dry-run", "does everything and rolls it back")
    .option("--json", "the whole report, for programs")
    .action(importPocketBaseAdmin);
}
