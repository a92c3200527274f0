/** `migrate multi-tenancy`: a single-tenant Stack becomes the first tenant of its host. The agent must not run meanwhile. */
import { access as isThere } from "node:fs/promises";
import { join } from "node:path";
import { ServiceError } from "@kombify/agent-contract";
import { createLogger } from "@kombify/server";
import type { Command } from "commander";
import { takeHome } from "../agent.ts";
import { writeSwitch } from "../alias/switch.ts";
import { type AgentConfig, readConfig } from "../config.ts";
import { openPocketBase } from "../engine/open-pocketbase.ts";
import { type Client, createClient } from "../engine/pocketbase/client.ts";
import { migrateDown } from "../migrate/migrate-down.ts";
import { migrateUp } from "../migrate/migrate-up.ts";
import { planLines } from "../migrate/plan.ts";

import { migratePostgres, planPostgres } from "./on-postgres.ts";

type Options = { home?: string; plan?: boolean; down?: boolean };
type OnStop = (stop: () => Promise<void>) => void;

const say = (line: string): void => console.log(line);

/** The PocketBase that is named, or the home's own. */
async function open({ home, pocketbase: access, logLevel }: AgentConfig, onStop: OnStop): Promise<Client> {
  const data = join(home, "pocketbase", "data");
  const isOwn = await isThere(join(data, "data.db")).then(
    () => true,
    () => false,
  );
  if (!access.remote && !isOwn)
    throw new ServiceError(
      "INVALID",
      `Say which database: set POCKETBASE_URL, POCKETBASE_SUPERUSER_EMAIL and POCKETBASE_SUPERUSER_PASSWORD (DATABASE_URL for a PostgreSQL), or put the old Stack's pb_data at ${data}.`,
    );
  const log = createLogger({ name: "migrate", level: logLevel === "info" ? "warn" : logLevel });
  return createClient(await openPocketBase({ home, access, log }, onStop));
}

async function onPostgres(
  place: { home: string; databaseUrl: string },
  options: Options,
  signal: AbortSignal,
  onStop: OnStop,
): Promise<void> {
  if (options.plan) return say((await planPostgres(place, onStop)).join("\n"));
  const outcome = await migratePostgres(place, options.down ?? false, { say, signal }, onStop);
  if (options.down) return say("The Stack is what it was, with the rows that came since.");
  say(
    outcome === "already done"
      ? "Already done: this Stack is the tenant default."
      : "This Stack is the tenant default now. Old clients find views under the old names.",
  );
}

async function work(config: AgentConfig, options: Options, signal: AbortSignal, onStop: OnStop): Promise<void> {
  const { home, databaseUrl } = config;
  if (databaseUrl) return onPostgres({ home, databaseUrl }, options, signal, onStop);
  const client = await open(config, onStop);
  await client.logIn();
  if (options.plan) return say((await planLines(client)).join("\n"));
  if (options.down) {
    await writeSwitch(home, false);
    await migrateDown(client, { say, signal });
    return say("The Stack is what it was, with the records that came since. The alias is off.");
  }
  const outcome = await migrateUp(client, { say, signal });
  if (outcome === "already done") return say("Already done: this Stack is the tenant default.");
  await writeSwitch(home, true);
  say(
    "This Stack is the tenant default now. The alias is on: old clients go on where KOMBIFY_ALIAS_PORT lets them in.",
  );
}

async function migrate(options: Options): Promise<void> {
  if (options.plan && options.down) throw new ServiceError("INVALID", "Say --plan or --down, not both.");
  const config = readConfig(process.env, { KOMBIFY_AGENT_HOME: options.home });
  const stopping = new AbortController();
  const interrupt = () => {
    say("Stopping at the next safe point. The same command goes on from there.");
    stopping.abort(new ServiceError("PRECONDITION", "Stopped before the end. Run the same command again to go on."));
  };
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  const stops: Array<() => Promise<void>> = [];
  try {
    await takeHome(config.home, (stop) => void stops.push(stop));
    await work(config, options, stopping.signal, (stop) => void stops.push(stop));
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

export function addMigrate(program: Command): void {
  program
    .command("migrate")
    .description("bring what is there to what this agent works with")
    .command("multi-tenancy")
    .description("make a single-tenant Stack the first tenant of this host; goes on where it was interrupted")
    .option("--home <folder>", "where the agent keeps its identity and data (KOMBIFY_AGENT_HOME)")
    .option("--plan", "say what would be done, and change nothing")
    .option("--down", "go back: the old names, rules and fields, with the records that came since")
    .action(migrate);
}
