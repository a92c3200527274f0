#!/usr/bin/env node
/** The command line of the agent. */
import { ServiceError } from "@kombify/agent-contract";
import { createLogger, runProcess } from "@kombify/server";
import { Command } from "commander";
import { openHome, startAgent, takeHome } from "./agent.ts";
import { addAlias } from "./commands/alias.ts";
import { addMigrate } from "./commands/migrate.ts";
import { type AgentConfig, type Overrides, readConfig } from "./config.ts";
import { hashJoinToken, loadIdentity, type StoredIdentity, saveIdentity } from "./control-plane/identity-store.ts";
import { joinControlPlane } from "./control-plane/join.ts";
import { addOperations } from "./operate/commands.ts";
import { connect } from "./operate/connect.ts";
import { AGENT_VERSION } from "./version.ts";

type Options = Partial<
  Record<
    "controlPlane" | "port" | "internalPort" | "home" | "engine" | "capacity" | "publicUrl" | "internalUrl",
    string
  >
> & { start?: boolean };

const overridesOf = (options: Options): Overrides => ({
  CONTROL_PLANE_URL: options.controlPlane,
  STACK_PORT: options.port,
  STACK_INTERNAL_PORT: options.internalPort,
  KOMBIFY_AGENT_HOME: options.home,
  KOMBIFY_ENGINE: options.engine,
  STACK_CAPACITY: options.capacity,
  PUBLIC_URL: options.publicUrl,
  INTERNAL_URL: options.internalUrl,
});

/** Joins, unless this home has joined with the same token before. */
async function join(config: AgentConfig, token: string): Promise<void> {
  if (!config.controlPlaneUrl)
    throw new ServiceError("INVALID", "Say where the control plane is: --control-plane https://...");
  const known = await loadIdentity(config.home);
  const joinTokenHash = hashJoinToken(token);
  if (known?.joinTokenHash === joinTokenHash) {
    console.log(`This host has joined already, as instance ${known.identity.instanceId}.`);
    return;
  }
  const settings = config.settings(null);
  const { publicUrl, internalUrl, capacity, engine } = settings;
  const request = { token, publicUrl, internalUrl, capacity, engine, agentVersion: AGENT_VERSION };
  const identity = await joinControlPlane(config.controlPlaneUrl, request);
  await saveIdentity(config.home, { identity, settings, joinTokenHash });
  console.log(`Joined as instance ${identity.instanceId}.`);
}

/** @throws ServiceError PRECONDITION when this home has never joined. */
async function requireIdentity(home: string): Promise<StoredIdentity> {
  const stored = await loadIdentity(home);
  if (stored) return stored;
  throw new ServiceError(
    "PRECONDITION",
    `${home} belongs to no instance yet. Register one in the Admin center and paste the join command that it gives.`,
  );
}

function run(config: AgentConfig): void {
  const log = createLogger({ name: "stack-agent", level: config.logLevel });
  runProcess({ name: "stack-agent", log }, async (onStop) => {
    await takeHome(config.home, onStop);
    await startAgent(config, await requireIdentity(config.home), log, onStop);
  });
}

async function joinCommand(token: string, options: Options): Promise<void> {
  const config = readConfig(process.env, overridesOf(options));
  const release: Array<() => Promise<void>> = [];
  await takeHome(config.home, (stop) => void release.push(stop));
  try {
    await join(config, token);
  } finally {
    for (const stop of release) await stop();
  }
  if (options.start) run(config);
}

const isStarting = (home: string, pid: number): string =>
  `The agent of ${home} (process ${pid}) is starting or stopping. Try again in a moment.`;

/** Lets an operator's command work on the host of a home; Ctrl-C ends it at its next safe point. */
async function onHost(
  options: { home?: string },
  work: (host: Awaited<ReturnType<typeof connect>>, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const config = readConfig(process.env, overridesOf(options));
  // Standard output is for archives.
  const log = createLogger({ name: "kombify-agent", level: "warn" }, process.stderr);
  const canceled = new AbortController();
  const cancel = () =>
    canceled.abort(
      new ServiceError("PRECONDITION", "Stopped. What was done is kept; the same command goes on from there."),
    );
  process.once("SIGINT", cancel);
  process.once("SIGTERM", cancel);
  const open = async (onStop: (stop: () => Promise<void>) => void) => {
    const identity = await requireIdentity(config.home);
    await takeHome(config.home, onStop, isStarting);
    return await openHome(config, identity, log, onStop);
  };
  const host = await connect(config.home, open, canceled.signal);
  try {
    await work(host, canceled.signal);
  } finally {
    await host.close();
  }
}

const withPorts = (command: Command): Command =>
  command
    .option("--home <folder>", "where the agent keeps its identity and data (KOMBIFY_AGENT_HOME)")
    .option("--port <port>", "port for browsers (STACK_PORT)")
    .option("--internal-port <port>", "port for the control plane (STACK_INTERNAL_PORT)")
    .option("--public-url <url>", "where browsers reach this Stack (PUBLIC_URL)")
    .option("--internal-url <url>", "where the control plane reaches this Stack (INTERNAL_URL)")
    .option("--engine <engine>", "what stores the tenants' records: postgres or pocketbase (KOMBIFY_ENGINE)")
    .option("--capacity <tenants>", "how many tenants this host has room for (STACK_CAPACITY)");

const program = new Command("kombify-agent").version(AGENT_VERSION).description("Runs a Stack on this host.");
withPorts(program.command("join <token>"))
  .description("join a control plane with a token from the Admin center")
  .option("--control-plane <url>", "where agents reach the control plane (CONTROL_PLANE_URL)")
  .option("--start", "run the Stack right after joining")
  .action(joinCommand);
withPorts(program.command("start"))
  .description("run the Stack of this host")
  .action((options: Options) => run(readConfig(process.env, overridesOf(options))));

addOperations(program, onHost);
addMigrate(program);
addAlias(program);

program.parseAsync().catch((error: unknown) => {
  console.error(error instanceof ServiceError ? error.message : error);
  process.exitCode = 1;
});
