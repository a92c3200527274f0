/** A further Stack host on this machine, joined with the command that the Admin center gives. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { freePorts } from "./ports.ts";
import { descendantsOf, waitUntilGone } from "./processes.ts";
import { ROOT, type System } from "./system.ts";
import { until } from "./until.ts";

export type Host = { name: string; url: string; home: string; stop(): Promise<void> };

const READY_WITHIN_MS = 90_000;

/** Options that a person adapts to the machine; everything else is run as it was given. */
async function adapt(command: string[], system: System, name: string) {
  const [port, internalPort] = await freePorts(2);
  const home = join(dirname(system.site.home), name);
  const adapted = [...command];
  const set = (option: string, value: string) => {
    const at = adapted.indexOf(option);
    if (at < 0)
      throw new Error(`The command has no ${option}: ${command.filter((each) => !each.startsWith("kj1.")).join(" ")}`);
    adapted[at + 1] = value;
  };
  set("--port", String(port));
  set("--internal-port", String(internalPort));
  set("--home", home);
  return { command: adapted, url: `http://localhost:${port}`, home };
}

/**
 * Runs a join command as a person who pastes it in the checkout, with other ports and another home, since this machine
 * has a Stack already.
 * @throws Error with what was printed when the host is not ready in time.
 */
export async function pasteJoinCommand(system: System, name: string, printed: string): Promise<Host> {
  const { command, url, home } = await adapt(printed.trim().split(/\s+/), system, name);
  const logFile = `${system.site.home}-${name}.log`;
  const log = await open(logFile, "a");
  const [program, ...args] = command;
  // "npm" as a person's shell finds it, with nothing of the test runner's environment.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  const child: ChildProcess = spawn(program!, args, {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  await once(child, "spawn");
  await log.close();
  const stop = async () => {
    const family = await descendantsOf(child.pid!);
    const agent = family.find(({ command }) => command.includes("main.ts start"));
    // The agent alone, as a service manager does; whoever waits for it ends with it.
    process.kill(agent?.pid ?? child.pid!, "SIGTERM");
    await waitUntilGone([child.pid!, ...family.map(({ pid }) => pid)]);
  };
  try {
    await until(
      `${name} is ready`,
      async () => child.exitCode !== null || (await fetch(`${url}/ready`)).ok,
      READY_WITHIN_MS,
    );
    if (child.exitCode !== null) throw new Error(`The command ended with ${child.exitCode}.`);
  } catch (cause) {
    throw new Error(`${name} did not come up:\n${await readFile(logFile, "utf8")}`, { cause });
  }
  return { name, url, home, stop };
}
