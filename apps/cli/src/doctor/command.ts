import type { Command } from "commander";
import { cliSettings } from "../control-plane.ts";
import { printJson } from "../table.ts";
import { examineDatabase } from "./database.ts";
import type { Finding } from "./finding.ts";
import { examineMachine } from "./machine.ts";
import { examineServices } from "./services.ts";

const MARKS: Record<Finding["state"], string> = { ok: "✓", warning: "!", broken: "✗" };

function print(findings: Finding[]): void {
  const width = Math.max(...findings.map((finding) => finding.name.length));
  for (const { name, state, detail, advice } of findings) {
    console.log(`${MARKS[state]} ${name.padEnd(width)}  ${detail}`);
    if (advice) console.log(`  ${" ".repeat(width)}  -> ${advice}`);
  }
  const count = (state: Finding["state"]) => findings.filter((finding) => finding.state === state).length;
  console.log(`\n${count("ok")} in order, ${count("warning")} to know about, ${count("broken")} broken`);
}

async function doctor(options: { json?: true }): Promise<void> {
  const settings = cliSettings();
  const groups = await Promise.all([examineMachine(settings), examineDatabase(settings), examineServices(settings)]);
  const findings = groups.flat();
  if (options.json) printJson(findings);
  else print(findings);
  if (findings.some((finding) => finding.state === "broken")) process.exitCode = 1;
}

/** `doctor`. */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("what is installed, reachable and outdated here, and what to do about it")
    .option("--json", "for programs")
    .action(doctor);
}
