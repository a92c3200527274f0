/** Load on an HTTP server: connections that each send the next request when the last one is answered. */
import { Client, type Dispatcher } from "undici";
import { percentile } from "../measure.ts";

export type LoadRequest = { path: string; headers: Record<string, string> };
export type LoadOrder = { origin: string; requests: LoadRequest[]; connections: number; durationMs: number };
export type LoadResult = {
  perSecond: number;
  p50Ms: number;
  p95Ms: number;
  /** Answers other than 200, and requests without an answer. */
  failures: number;
};

/** Sends one request; resolves when the whole answer has arrived. @returns whether it was 200. */
function send(client: Client, request: LoadRequest): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  let isOk = false;
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => undefined,
    onResponseStart: (_controller, status) => {
      isOk = status === 200;
    },
    onResponseEnd: () => resolve(isOk),
    onResponseError: (_controller, error) => reject(error),
  };
  // The low-level call: what the generator costs is taken from the same two cores as what it measures.
  client.dispatch({ method: "GET", path: request.path, headers: request.headers }, handler);
  return promise;
}

/** Drives a server for a while, each request drawn at random from those given. */
export async function applyLoad({ origin, requests, connections, durationMs }: LoadOrder): Promise<LoadResult> {
  const clients = Array.from({ length: connections }, () => new Client(origin, { pipelining: 1 }));
  const latencies: number[] = [];
  let failures = 0;
  const startedAt = performance.now();
  const endsAt = startedAt + durationMs;
  const drive = async (client: Client): Promise<void> => {
    for (let now = performance.now(); now < endsAt; ) {
      const request = requests[Math.floor(Math.random() * requests.length)];
      if (!request) throw new RangeError("There is no request to send.");
      const isOk = await send(client, request).catch(() => false);
      const answeredAt = performance.now();
      if (isOk) latencies.push(answeredAt - now);
      else failures++;
      now = answeredAt;
    }
  };
  await Promise.all(clients.map(drive));
  const seconds = (performance.now() - startedAt) / 1000;
  await Promise.all(clients.map((client) => client.close()));
  return {
    perSecond: latencies.length / seconds,
    p50Ms: percentile(latencies, 0.5),
    p95Ms: percentile(latencies, 0.95),
    failures,
  };
}
