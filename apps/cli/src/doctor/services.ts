/** What runs: the portals, the Stack, and their ports. */
import { connect } from "node:net";
import type { Settings } from "@kombify/scripts/settings";
import { broken, type Finding, ok } from "./finding.ts";

const TIMEOUT_MS = 3000;

async function readiness(name: string, url: string, setting: string): Promise<Finding> {
  try {
    const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (answer.ok) return ok(name, `ready at ${url}`);
    const isOurs = answer.headers.has("x-request-id");
    const detail = `${url}/ready answers ${answer.status}: ${(await answer.text()).slice(0, 300)}`;
    if (isOurs)
      return broken(name, detail, "The failed check above names what is missing; see the logs in KOMBIFY_HOME.");
    return broken(name, `something else uses ${url}`, `Stop it, or set ${setting}.`);
  } catch {
    return broken(
      name,
      `does not answer at ${url}`,
      `Start it with \`npm start\`. Is ${setting} what it was started with?`,
    );
  }
}

function port(name: string, number: number, setting: string): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<Finding>();
  const socket = connect({ port: number, host: "127.0.0.1" });
  const advice = `Start it with \`npm start\`. Is ${setting} what it was started with?`;
  socket.setTimeout(TIMEOUT_MS, () => resolve(broken(name, `port ${number} hangs`, advice)));
  socket.once("connect", () => resolve(ok(name, `listens on port ${number}`)));
  socket.once("error", () => resolve(broken(name, `nothing listens on port ${number}`, advice)));
  return promise.finally(() => socket.destroy());
}

export async function examineServices(settings: Settings): Promise<Finding[]> {
  return Promise.all([
    readiness("Cloud", settings.cloudUrl, "CLOUD_PORT"),
    readiness("Admin", settings.adminUrl, "ADMIN_PORT"),
    port("Agent listener", settings.ports.AGENT_API_PORT, "AGENT_API_PORT"),
    readiness("Stack", settings.stackUrl, "STACK_PORT"),
    ...(settings.oidcProviders ? [] : [readiness("Identity provider", settings.idpUrl, "IDP_PORT")]),
    port("Stack, internal", settings.ports.STACK_INTERNAL_PORT, "STACK_INTERNAL_PORT"),
  ]);
}
