/** A service behind the edge for tests: it demands a certificate of our authority, and writes down what it is sent. */
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";

export type Recorded = {
  method: string;
  path: string;
  /** As they came, name by name, nothing merged. */
  headers: [name: string, value: string][];
  /** SPIFFE id of who sent it. */
  peer: string | undefined;
};

export type RecordingService = { url: string; requests: Recorded[]; close(): Promise<void> };

export async function startRecordingService(tls: { key: string; cert: string; ca: string }): Promise<RecordingService> {
  const requests: Recorded[] = [];
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    const { rawHeaders } = request;
    const headers = rawHeaders.flatMap((name, index): [string, string][] =>
      index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ""]] : [],
    );
    const peer = (request.socket as TLSSocket).getPeerCertificate().subjectaltname?.split(", ")[0];
    requests.push({ method: request.method ?? "", path: request.url ?? "", headers, peer });
    request.resume();
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
