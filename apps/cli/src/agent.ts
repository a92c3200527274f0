import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { AGENT_FOLDER, agentArgs, agentEnvironment } from "@kombify/scripts/stack";
import type { Command } from "commander";
import { CommandError, cliSettings } from "./control-plane.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type JoinOptions = { controlPlane: string; port: string; internalPort: string; home: string; engine?: string };

/** Runs the agent in the foreground, in our place. @returns its exit code. */
async function runAgent(args: string[], env: NodeJS.ProcessEnv, cwd = AGENT_FOLDER): Promise<number> {
  const child = spawn(process.execPath, agentArgs(...args), { cwd, env, stdio: "inherit" });
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

/** What an operator does on a host; the agent's own command line knows the arguments. */
const OPERATIONS = {
  export: "write everything of a tenant to an archive",
  import: "give a tenant what an archive holds",
  engine: "move the host to another engine: engine move --from pocketbase --to postgres",
  migrate: "take over a single-tenant Stack",
  alias: "serve the clients of a Stack that was taken over",
} as const;

/** On the local Stack of KOMBIFY_HOME, unless the arguments name another home. */
async function operate(operation: keyof typeof OPERATIONS, args: string[]): Promise<void> {
  const isElsewhere = args.some((arg) => arg === "--home" || arg.startsWith("--home="));
  const env = isElsewhere ? process.env : agentEnvironment(cliSettings());
  // Files are where the person stands, which is not where npm runs its scripts.
  process.exitCode = await runAgent([operation, ...args], env, process.env.INIT_CWD ?? process.cwd());
}

/** `agent join`: what the Admin center gives to be pasted on another host; and what an operator does on a host. */
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
  for (const [operation, description] of Object.entries(OPERATIONS))
    agent
      .command(operation)
      .description(description)
      .argument("[args...]", "as the agent takes them; --help shows them")
      .allowUnknownOption()
      .helpOption(false)
      .action((args: string[]) => operate(operation as keyof typeof OPERATIONS, args));
}
