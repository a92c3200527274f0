/** A joined agent as a process of its own, and the commands that an operator types beside it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type { EngineKind } from "@kombify/agent-contract";
import { type RequestInit, fetch as undiciFetch } from "undici";
import { type ControlPlaneDouble, cloudDispatcher, startControlPlaneDouble } from "./control-plane-double.ts";
import { freePort } from "./test-agent.ts";

const MAIN = new URL("../src/main.ts", import.meta.url).pathname;

export type Ended = { code: number | null; stdout: string; stderr: string };

export type AgentProcess = {
  controlPlane: ControlPlaneDouble;
  home: string;
  url: string;
  start(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** A call of one of our services to the internal listener. */
  internal(path: string, init?: RequestInit): Promise<Response>;
  /** Runs a command to its end. @param onLine told of each line that it prints, with the command's process. */
  command(args: string[], onLine?: (line: string, child: ChildProcess) => void): Promise<Ended>;
  drop(): Promise<void>;
};

/** @param settings further variables, such as those of a PocketBase that runs already. */
export async function createAgentProcess(
  engine: EngineKind,
  settings: Record<string, string> = {},
): Promise<AgentProcess> {
  const controlPlane = await startControlPlaneDouble();
  const home = await mkdtemp(join(tmpdir(), "kombify-operate-"));
  const port = await freePort();
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    ...(engine === "pocketbase" && !settings.POCKETBASE_URL ? { POCKETBASE_BIN: process.env.POCKETBASE_BIN } : {}),
    ...settings,
    KOMBIFY_AGENT_HOME: home,
    KOMBIFY_ENGINE: engine,
    STACK_PORT: String(port),
    STACK_INTERNAL_PORT: String(await freePort()),
    LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? "error",
  };
  const dispatcher = await cloudDispatcher(controlPlane);
  let child: ChildProcess | undefined;
  const agent: AgentProcess = {
    controlPlane,
    home,
    url: `http://localhost:${port}`,
    async start() {
      const seen = controlPlane.reports.length;
      child = spawn(process.execPath, [MAIN, "start"], { env, stdio: ["ignore", "inherit", "inherit"] });
      await controlPlane.reported((report) => controlPlane.reports.indexOf(report) >= seen);
    },
    async stop(signal = "SIGTERM") {
      const exited = child && once(child, "exit");
      child?.kill(signal);
      await exited;
      child = undefined;
    },
    internal: async (path, init) => {
      const answer = await undiciFetch(`https://localhost:${env.STACK_INTERNAL_PORT}${path}`, { ...init, dispatcher });
      return answer as unknown as Response;
    },
    async command(args, onLine = () => undefined) {
      const command = spawn(process.execPath, [MAIN, ...args], { env, cwd: home, stdio: ["ignore", "pipe", "pipe"] });
      const lines: string[] = [];
      createInterface(command.stderr).on("line", (line) => {
        lines.push(line);
        onLine(line, command);
      });
      const tee = command.stdout.pipe(new PassThrough());
      createInterface(command.stdout.pipe(new PassThrough())).on("line", (line) => onLine(line, command));
      const [stdout, [code]] = await Promise.all([text(tee), once(command, "close")]);
      return { code, stdout, stderr: lines.join("\n") };
    },
    async drop() {
      if (child) await agent.stop();
      await dispatcher.destroy();
      await controlPlane.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
  const joined = await agent.command(["join", controlPlane.joinToken, "--control-plane", controlPlane.url]);
  if (joined.code !== 0) throw new Error(joined.stderr);
  return agent;
}
