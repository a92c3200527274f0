import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { AGENT_FOLDER, agentArgs } from "@kombify/scripts/stack";
import type { Command } from "commander";
import { CommandError } from "./control-plane.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type JoinOptions = { controlPlane: string; port: string; internalPort: string; home: string; engine?: string };

/** Runs the agent in the foreground, in our place. @returns its exit code. */
async function runAgent(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, agentArgs(...args), { cwd: AGENT_FOLDER, env, stdio: "inherit" });
  // Ctrl-C reaches the agent from the terminal; it must not end us before it has stopped. A plain kill is passed on.
  const forward = (signal: NodeJS.Signals) => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  const [code] = await once(child, "exit");
  for (const signal of SIGNALS) process.off(signal, forward);
  return code ?? 1;
}

async function join(token: string, options: JoinOptions): Promise<void> {
  const env = {
    ...process.env,
    NODE_ENV: "production",
    KOMBIFY_AGENT_HOME: resolve(options.home),
    STACK_PORT: options.port,
    STACK_INTERNAL_PORT: options.internalPort,
    ...(options.engine === undefined ? {} : { KOMBIFY_ENGINE: options.engine }),
  };
  const joined = await runAgent(["join", token, "--control-plane", options.controlPlane], env);
  if (joined !== 0) throw new CommandError(`The host did not join (exit code ${joined}); the reason is above.`);
  process.exitCode = await runAgent(["start"], env);
}

/** `agent join`: what the Admin center gives to be pasted on another host. */
export function addAgent(program: Command): void {
  const agent = program.command("agent").description("the stack-agent of this host");
  agent
    .command("join <token>")
    .description("join a control plane, then run the Stack in the foreground")
    .requiredOption("--control-plane <url>", "where agents reach the control plane, https://...")
    .option("--port <port>", "port of the Stack for browsers", "3100")
    .option("--internal-port <port>", "port of the Stack for the control plane", "3101")
    .option("--engine <engine>", "what stores the tenants' records: postgres (default) or pocketbase")
    .option("--home <folder>", "where the agent keeps its identity and data", ".kombify/stack")
    .action(join);
}
