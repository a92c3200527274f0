/** One agent as far as flags concern it: it holds the stream, pulls on a hint, says what it has, and beats. */
import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";

export type PlayedAgent = {
  /** Newest revision that it has, and when it had it (milliseconds since 1970, with fractions). */
  has: { revision: number; at: number };
  /** @throws when anything but 200 or 304 is answered. */
  pull(): Promise<void>;
  beat(): Promise<void>;
  close(): void;
};

const now = () => performance.timeOrigin + performance.now();

export async function playAgent(
  url: string,
  tls: { key: string; cert: string; ca: string[] },
  tenantId: string,
  onFailure: (error: unknown) => void,
): Promise<PlayedAgent> {
  const common = { ...tls, keepAlive: true, maxCachedSessions: 0 };
  // As real agents: one connection for the stream, one for everything else.
  const calls = new HttpsAgent({ ...common, maxSockets: 1 });
  const streams = new HttpsAgent({ ...common, maxSockets: 1 });
  const send = async (method: string, path: string, json?: unknown) => {
    const body = json === undefined ? undefined : JSON.stringify(json);
    const headers = body ? { "content-type": "application/json", "content-length": Buffer.byteLength(body) } : {};
    const asked = httpsRequest(`${url}${path}`, { method, agent: calls, headers }).end(body);
    const answer = await answerOf(asked);
    const words = await text(answer);
    if (answer.statusCode !== 200 && answer.statusCode !== 304)
      throw new Error(`${path}: ${answer.statusCode} ${words}`);
    return words;
  };
  let etag = "";
  let digest: string | undefined;
  let seq = 0;
  const bootEpoch = Date.now();
  const agent: PlayedAgent = {
    has: { revision: 0, at: 0 },
    async pull() {
      await take(await send("GET", `/api/agent/flags${etag ? `?etag=${etag}` : ""}`));
    },
    async beat() {
      const { revision } = agent.has;
      await send("POST", "/api/agent/report", {
        bootEpoch,
        seq: ++seq,
        appliedRevision: 1,
        tenants: [{ tenantId, generation: 1, state: "ready", ...(digest ? { flags: { revision, digest } } : {}) }],
        orphans: [],
        health: "healthy",
        engine: "postgres",
        capacity: 1_000,
        versions: { agent: "bench", engine: "18" },
      });
    },
    close() {
      calls.destroy();
      streams.destroy();
    },
  };
  // A thousand of these share a processor, which their hosts do not: what is needed is taken out without reading the rest.
  const take = async (words: string): Promise<void> => {
    const revision = Number(/"revision":(\d+)/.exec(words)?.[1] ?? 0);
    if (revision === 0) return;
    agent.has = { revision, at: now() };
    etag = /"etag":"(\w+)"/.exec(words)?.[1] ?? "";
    digest = /"digest":"(\w+)"/.exec(words)?.[1];
    await agent.beat();
  };
  const hear = async (event: string): Promise<void> => {
    if (event.startsWith("event: flags")) await (event.includes('"documents"') ? take(event) : agent.pull());
  };
  const stream = await answerOf(httpsRequest(`${url}/api/agent/events`, { agent: streams }).end());
  if (stream.statusCode !== 200) throw new Error(`The stream was refused with ${stream.statusCode}.`);
  let rest = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    const events = `${rest}${chunk}`.split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) hear(event).catch(onFailure);
  });
  stream.on("error", () => undefined);
  return agent;
}

function answerOf(asked: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => asked.once("response", resolve).once("error", reject));
}
