import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { PORT_SETTINGS, type Settings } from "./settings.ts";

const POLL_MS = 50;
const READY_TIMEOUT_MS = 90_000;

/** Whether something answers on a port of this machine, on either loopback address. */
function isTaken(port: number, host: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port, host });
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  return promise.finally(() => socket.destroy());
}

/**
 * Finds out before anything is started that a port is taken.
 * @throws Error naming each, with the setting that changes it.
 */
export async function checkPorts({ ports }: Settings): Promise<void> {
  const taken: string[] = [];
  for (const setting of PORT_SETTINGS) {
    const port = ports[setting];
    const same = PORT_SETTINGS.find((other) => other !== setting && ports[other] === port);
    if (same) throw new Error(`${setting} and ${same} are both ${port}. Give them different ports.`);
    const answers = await Promise.all([isTaken(port, "127.0.0.1"), isTaken(port, "::1")]);
    if (answers.includes(true)) taken.push(`  Port ${port} is taken. Stop what uses it, or set ${setting}.`);
  }
  if (taken.length > 0) throw new Error(`kombify cannot start:\n${taken.join("\n")}`);
}

async function readiness(url: string): Promise<string | null> {
  try {
    const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(2000) });
    return answer.ok ? null : await answer.text();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    return cause instanceof Error ? cause.message : String(error);
  }
}

/**
 * Waits until a process answers `/ready` with 200.
 * @throws Error with its last answer after 90 s.
 */
export async function waitUntilReady(name: string, url: string): Promise<void> {
  const startedAt = Date.now();
  for (;;) {
    const obstacle = await readiness(url);
    if (obstacle === null) return;
    if (Date.now() - startedAt > READY_TIMEOUT_MS)
      throw new Error(`${name} was not ready within ${READY_TIMEOUT_MS / 1000} s. ${url}/ready: ${obstacle}`);
    await delay(POLL_MS);
  }
}
