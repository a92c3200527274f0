/** What an operator types: `export`, `import`, `engine move`. Progress goes to standard error, so that archives can be piped. */
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { ENGINES, type EngineKind, ServiceError } from "@kombify/agent-contract";
import { type Command, Option } from "commander";
import type { Imported, ImportProgress } from "./archive/import-tenant.ts";
import type { Connection } from "./connect.ts";
import { type ExportSummary, SUMMARY_HEADER } from "./control.ts";
import type { MoveProgress, MoveResult } from "./move/move-engine.ts";
import { readProgress } from "./progress-stream.ts";
import { saveArchive } from "./save-archive.ts";

type HomeOption = { home?: string };
/** Does some work on the host of a home and closes it; `signal` is aborted by Ctrl-C. */
export type OnHost = (
  options: HomeOption,
  work: (host: Connection, signal: AbortSignal) => Promise<void>,
) => Promise<void>;

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const number = (value: number): string => value.toLocaleString("en");
const counted = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([part, count]) => `${number(count)} ${part}`)
    .join(", ");
const countsOf = (sums: Record<string, { count: number }>): Record<string, number> =>
  Object.fromEntries(Object.entries(sums).map(([part, { count }]) => [part, count]));

async function exportTo(host: Connection, tenant: string, out: string | undefined): Promise<void> {
  const answer = await host.call(`/tenants/${encodeURIComponent(tenant)}/archive`);
  const summary: ExportSummary = JSON.parse(answer.headers.get(SUMMARY_HEADER) ?? "{}");
  const file = out ?? `${summary.slug}-${new Date().toISOString().replace(/[:.]/g, "-")}.ndjson`;
  await saveArchive(file === "-" ? file : resolve(file), answer.body as unknown as AsyncIterable<Uint8Array>);
  say(`${summary.slug}: ${counted(summary.counts)}. Its writes waited ${number(summary.pausedMs)} ms.`);
  if (file !== "-")
    say(`Written to ${file}. It holds what people have and their password hashes: keep it as safe as them.`);
}

async function openArchive(file: string): Promise<AsyncIterable<Uint8Array>> {
  if (file === "-") return process.stdin;
  await access(file).catch((cause: unknown) => {
    throw new ServiceError("NOT_FOUND", `There is no file ${file}, or it cannot be read.`, { cause });
  });
  return createReadStream(file);
}

type ImportOptions = HomeOption & { tenant?: string; as?: string; replace?: true };

function describeImport({ step, records, files }: ImportProgress): string {
  if (step === "unpack") return `unpacked ${number(records)} records, ${number(files)} files`;
  return step === "compare" ? "comparing what was stored with the archive" : "putting it in the tenant's place";
}

async function importFrom(host: Connection, signal: AbortSignal, file: string, options: ImportOptions): Promise<void> {
  const { tenant, as, replace = false } = options;
  const query = new URLSearchParams({ ...(tenant ? { tenant } : {}), ...(as ? { as } : {}), replace: String(replace) });
  const answer = await host.call(`/archives?${query}`, { method: "POST", body: await openArchive(file) });
  const show = (progress: ImportProgress) => say(describeImport(progress));
  const { slug, manifest, pausedMs } = await readProgress<ImportProgress, Imported>(answer, show, signal);
  say(
    `${slug} has ${counted(countsOf(manifest.sums))}, as the archive says. Its writes waited ${number(pausedMs)} ms.`,
  );
  say("Whoever was signed in launches again.");
}

function describeMove(progress: MoveProgress): string {
  if (progress.step === "settle") return "carrying over who is signed in and what the control plane said";
  const place = `[${progress.done}/${progress.total}] ${progress.slug}`;
  if (progress.step === "copy") {
    const changed = progress.changed === null ? "overtaken by its own writes" : `${number(progress.changed)} differed`;
    return `${place}: round ${progress.round}, ${changed}`;
  }
  const digests = Object.entries(progress.sums)
    .map(([part, { count, digest }]) => `${number(count)} ${part} (${digest.slice(0, 8)})`)
    .join(", ");
  return `${place}: the same on both sides: ${digests}. Its writes waited ${number(progress.pausedMs)} ms.`;
}

type MoveOptions = HomeOption & { from: EngineKind; to: EngineKind };

async function move(host: Connection, signal: AbortSignal, { from, to }: MoveOptions): Promise<void> {
  const answer = await host.call("/engine/move", { method: "POST", json: { from, to } });
  const show = (progress: MoveProgress) => say(describeMove(progress));
  const result = await readProgress<MoveProgress, MoveResult>(answer, show, signal);
  say(`This host is on ${result.engine}. ${number(result.namespaces)} namespaces moved just now.`);
  if (result.namespaces > 0)
    say(
      `The longest pause of a tenant was ${number(result.longestPauseMs)} ms, that of all ${number(result.pausedMs)} ms.`,
    );
}

const engineOption = (name: string, text: string): Option =>
  new Option(`--${name} <engine>`, text).choices(ENGINES).makeOptionMandatory();
const HOME = ["--home <folder>", "where the agent keeps its identity and data (KOMBIFY_AGENT_HOME)"] as const;

/** Adds the operator's commands. @param onHost reaches the host. */
export function addOperations(program: Command, onHost: OnHost): void {
  program
    .command("export <tenant>")
    .description("write everything of a tenant to an archive")
    .option("--out <file>", "where to; - for standard output (default: the tenant and the time, in this folder)")
    .option(...HOME)
    .action((tenant: string, options: HomeOption & { out?: string }) =>
      onHost(options, (host) => exportTo(host, tenant, options.out)),
    );
  program
    .command("import <file>")
    .description("give a tenant what an archive holds; - for standard input")
    .option("--tenant <slug>", "the tenant that the archive has to be of")
    .option("--as <slug>", "give it to this tenant, whosever it is")
    .option("--replace", "let go of what the tenant has now")
    .option(...HOME)
    .action((file: string, options: ImportOptions) =>
      onHost(options, (host, signal) => importFrom(host, signal, file, options)),
    );
  program
    .command("engine")
    .description("what this host keeps its data in")
    .command("move")
    .description("move everything to another engine while the Stack serves; goes on where an earlier try ended")
    .addOption(engineOption("from", "the engine that it is on"))
    .addOption(engineOption("to", "the engine that it shall be on"))
    .option(...HOME)
    .action((options: MoveOptions) => onHost(options, (host, signal) => move(host, signal, options)));
}
