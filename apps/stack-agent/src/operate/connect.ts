import { Agent, type RequestInit, fetch as undiciFetch } from "undici";
import { createControl } from "./control.ts";
import type { Host } from "./host.ts";
import { agentGone, errorOf } from "./progress-stream.ts";
import { socketOf } from "./socket.ts";

/** The routes of control.ts on the host of this home, whoever carries them out. */
export type Connection = {
  /** @throws ServiceError what the host refused. */
  call(path: string, init?: { method?: string; json?: unknown; body?: AsyncIterable<Uint8Array> }): Promise<Response>;
  close(): Promise<void>;
};
type Call = (url: string, init: RequestInit) => Promise<Response>;

const isNobodyThere = (error: unknown): boolean => {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return code === "ENOENT" || code === "ECONNREFUSED";
};

function callWith(send: Call, signal: AbortSignal): Connection["call"] {
  return async (path, { method = "GET", json, body } = {}) => {
    const init: RequestInit = { method, signal };
    if (json !== undefined) {
      init.body = JSON.stringify(json);
      init.headers = { "content-type": "application/json" };
    } else if (body) {
      init.body = body;
      init.duplex = "half";
      init.headers = { "content-type": "application/x-ndjson" };
    }
    const answer = await send(`http://agent${path}`, init).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw isNobodyThere(cause) ? cause : agentGone(cause);
    });
    if (!answer.ok) throw errorOf(await answer.json().catch(() => null));
    return answer;
  };
}

/** Null when no agent listens in this home. */
async function connectToAgent(home: string, signal: AbortSignal): Promise<Connection | null> {
  // A big export takes its time before the first byte of the answer.
  const dispatcher = new Agent({ connect: { socketPath: socketOf(home) }, headersTimeout: 0, bodyTimeout: 0 });
  const send: Call = async (url, init) => (await undiciFetch(url, { ...init, dispatcher })) as unknown as Response;
  const connection = { call: callWith(send, signal), close: () => dispatcher.destroy() };
  try {
    await (await connection.call("/health")).arrayBuffer();
    return connection;
  } catch (error) {
    await connection.close();
    if (isNobodyThere(error)) return null;
    throw error;
  }
}

/**
 * Reaches the host of a home: through its agent if one runs there, otherwise by opening the home, which then is this
 * process's own.
 * @param openHost opens the home; it registers what has to be closed.
 * @param signal cancels what is under way.
 */
export async function connect(
  home: string,
  openHost: (onStop: (stop: () => Promise<void>) => void) => Promise<Host>,
  signal: AbortSignal,
): Promise<Connection> {
  const agent = await connectToAgent(home, signal);
  if (agent) return agent;
  const stops: Array<() => Promise<void>> = [];
  const close = async () => {
    for (const stop of stops.reverse()) await stop();
  };
  try {
    const { fetch } = createControl(await openHost((stop) => void stops.push(stop)));
    const send: Call = async (url, init) => await fetch(new Request(url, init as globalThis.RequestInit), {});
    return { call: callWith(send, signal), close };
  } catch (error) {
    await close();
    throw error;
  }
}
