/** `alias on|off|status`: whether old clients are served under the names that they know. */
import { ServiceError } from "@kombify/agent-contract";
import type { Command } from "commander";
import { readSwitch, readUsage, writeSwitch } from "../alias/switch.ts";
import { readConfig } from "../config.ts";
import { switchViews } from "./on-postgres.ts";

const SHOWN_CLIENTS = 10;

async function status(home: string): Promise<void> {
  const [isSwitched, usage] = await Promise.all([readSwitch(home), readUsage(home)]);
  console.log(
    isSwitched ? `The alias is ${isSwitched.isOn ? "on" : "off"} since ${isSwitched.at}.` : "The alias was never on.",
  );
  if (!usage) return console.log("It has served nobody yet.");
  console.log(`${usage.total} calls since ${usage.since}, the last at ${usage.lastAt ?? "no time"}.`);
  const clients = Object.entries(usage.byClient).sort(([, a], [, b]) => b - a);
  for (const [client, count] of clients.slice(0, SHOWN_CLIENTS)) console.log(`${String(count).padStart(8)}  ${client}`);
}

async function viewsOf(home: string, databaseUrl: string, isOn: boolean): Promise<void> {
  const stops: Array<() => Promise<void>> = [];
  try {
    await switchViews({ home, databaseUrl }, isOn, (stop) => void stops.push(stop));
  } finally {
    for (const stop of stops) await stop();
  }
}

/** Adds the command. A running agent follows within seconds. */
export function addAlias(program: Command): void {
  program
    .command("alias <on|off|status>")
    .description("serve old clients under the names that they know, until nobody needs it any more")
    .option("--home <folder>", "where the agent keeps its identity and data (KOMBIFY_AGENT_HOME)")
    .action(async (word: string, { home: given }: { home?: string }) => {
      const { home, databaseUrl } = readConfig(process.env, { KOMBIFY_AGENT_HOME: given });
      if (word === "status") return status(home);
      if (word !== "on" && word !== "off")
        throw new ServiceError("INVALID", `Say alias on, alias off or alias status, not ${word}.`);
      if (databaseUrl) await viewsOf(home, databaseUrl, word === "on");
      await writeSwitch(home, word === "on");
      await status(home);
    });
}
