/** A real agent as a process of its own, joined with a token as an operator does it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";

const MAIN = new URL("../../stack-agent/src/main.ts", import.meta.url).pathname;
/** Lines of the log that an operator has to look at. */
const WARNING = /"level":"(warn|error|fatal)"/;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

export type StackProcess = {
  /** What the agent has logged as a warning or worse since it runs. */
  warnings: string[];
  stop(): Promise<void>;
};

type Joined = { home: string; run(...args: string[]): ChildProcess };

/** Joins a home of its own. @throws Error when it is refused; what the agent says is printed. */
async function join(controlPlaneUrl: string, joinToken: string): Promise<Joined> {
  const home = await mkdtemp(`${tmpdir()}/kombify-stack-`);
  // The database server, which is not root, passes through.
  await chmod(home, 0o755);
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NODE_ENV: "test",
    KOMBIFY_AGENT_HOME: home,
    STACK_PORT: String(await freePort()),
    STACK_INTERNAL_PORT: String(await freePort()),
  };
  const run = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [MAIN, ...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [code] = await once(run("join", joinToken, "--control-plane", controlPlaneUrl), "exit");
  if (code !== 0) throw new Error(`The agent did not join (exit code ${code}).`);
  return { home, run };
}

/** Joins and goes away again. @throws Error when it is refused. */
export async function joinOnly(controlPlaneUrl: string, joinToken: string): Promise<void> {
  const { home } = await join(controlPlaneUrl, joinToken);
  await rm(home, { recursive: true });
}

/** @throws Error when it does not join. */
export async function startStack(controlPlaneUrl: string, joinToken: string): Promise<StackProcess> {
  const { home, run } = await join(controlPlaneUrl, joinToken);
  const warnings: string[] = [];
  const child = run("start");
  createInterface(child.stdout!).on("line", (line) => {
    if (WARNING.test(line)) warnings.push(line);
  });
  return {
    warnings,
    stop: async () => {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
      await rm(home, { recursive: true, force: true });
    },
  };
}
