/** The local Stack: its agent joins once, through the same flow as any other host. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { ROOT, readIfThere, type Settings } from "./settings.ts";

export const AGENT_FOLDER = join(ROOT, "apps", "stack-agent");
const AGENT_MAIN = join(AGENT_FOLDER, "src", "main.ts");

/** Arguments for Node that run the agent. */
export const agentArgs = (...args: string[]): string[] => [AGENT_MAIN, ...args];

/** The environment of the local agent: nothing of the control plane's own, least of all its secrets. */
export function agentEnvironment(settings: Settings): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NODE_ENV: "production",
    KOMBIFY_AGENT_HOME: join(settings.home, "stack"),
    STACK_PORT: String(settings.ports.STACK_PORT),
    STACK_INTERNAL_PORT: String(settings.ports.STACK_INTERNAL_PORT),
    ...settings.stackEnvironment,
  };
}

const identitySchema = z.object({ instanceId: z.string() });

/** The instance that the local agent became when it joined; null when it never did. */
export async function joinedInstance({ home }: Settings): Promise<string | null> {
  const text = await readIfThere(join(home, "stack", "identity.json"));
  return text === null ? null : identitySchema.parse(JSON.parse(text)).instanceId;
}

/** Joins the local agent. @throws Error with what the agent said. */
export async function joinLocalAgent(settings: Settings, token: string): Promise<void> {
  const child = spawn(process.execPath, agentArgs("join", token, "--control-plane", settings.agentApiUrl), {
    cwd: AGENT_FOLDER,
    env: agentEnvironment(settings),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  if (code !== 0) throw new Error(`The local agent could not join (exit code ${code}).\n${output}${errors}`);
}
