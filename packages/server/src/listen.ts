import { createServer, type Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { type Peer, ServiceError } from "@kombify/agent-contract";
import { identifyPeer, isTrusted, peerOfSocket } from "./peers.ts";

/** PEM texts: our private key, our certificate with its chain, and the CAs that clients must chain to. */
export type TlsMaterial = { key: string; cert: string; ca: string[] };

export type ListenOptions = {
  fetch: (request: Request, env: HttpBindings) => Response | Promise<Response>;
  /** 0 takes a free one. */
  port?: number;
  /** A Unix socket instead of a port: its path, where nothing is yet. Whoever may enter its folder may connect. */
  path?: string;
  /** Loopback unless given. */
  host?: string;
  /** HTTPS that asks for a client certificate and lets those without one in, as nobody. */
  tls?: TlsMaterial;
  /** Milliseconds that requests in flight get on close before their connections are cut. */
  closeTimeoutMs?: number;
};

export type Listener = {
  /** 0 for a Unix socket. */
  port: number;
  url: string;
  /** New connections use the new certificate and CAs; open ones go on, unless their peer's CA is no longer among these. */
  updateTls(tls: TlsMaterial): void;
  /** Cuts the open connections of verified peers that match; `serial` is lower-case hex. @returns how many were cut. */
  dropPeers(match: (peer: Peer, serial: string) => boolean): number;
  /** Takes no more connections and resolves when the requests in flight are answered. */
  close(): Promise<void>;
};

/** Longer than the 60 s of common load balancers, so that they and not we close an idle connection. */
const KEEP_ALIVE_MS = 65_000;
const CLOSE_TIMEOUT_MS = 10_000;
const LOOPBACK = "127.0.0.1";

const secureContext = (tls: TlsMaterial) => ({ ...tls, minVersion: "TLSv1.3" as const });

async function bind(server: Server | TlsServer, { port = 0, host, path }: ListenOptions): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  if (path === undefined) server.listen({ port, host: host ?? LOOPBACK, exclusive: true }, resolve);
  else server.listen({ path }, resolve);
  try {
    await promise;
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE")) throw cause;
    throw new ServiceError(
      "CONFLICT",
      path === undefined
        ? `Port ${port} is taken by another process. Stop it or choose another port.`
        : `${path} is taken by another process. Stop it.`,
      { cause },
    );
  } finally {
    server.off("error", reject);
  }
  return path === undefined ? (server.address() as AddressInfo).port : 0;
}

/**
 * Serves a fetch handler over HTTP, or over HTTPS with mutual TLS.
 * @throws ServiceError CONFLICT when the port or the path is taken.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { tls, host = LOOPBACK, path, closeTimeoutMs = CLOSE_TIMEOUT_MS } = options;
  const handle = getRequestListener((request, env) => options.fetch(request, env as HttpBindings));
  const secured = tls
    ? createTlsServer({ ...secureContext(tls), requestCert: true, rejectUnauthorized: false }, handle)
    : null;
  const server = secured ?? createServer(handle);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  };
  if (secured)
    secured.on("secureConnection", (socket: TLSSocket) => {
      identifyPeer(socket);
      track(socket);
    });
  const cut = (dropped: Socket[]): number => {
    for (const socket of dropped) {
      sockets.delete(socket);
      socket.destroy();
    }
    return dropped.length;
  };
  const port = await bind(server, options);
  const urlHost = host === LOOPBACK || host === "0.0.0.0" || host === "::" ? "localhost" : host;

  return {
    port,
    url: path === undefined ? `${tls ? "https" : "http"}://${urlHost}:${port}` : `unix:${path}`,
    updateTls(next) {
      if (!secured) throw new Error("updateTls: this listener speaks plain HTTP");
      secured.setSecureContext(secureContext(next));
      // It does not touch open connections (Node's documentation of tls.Server): one of a CA that was dropped would stay.
      cut([...sockets].filter((socket) => !isTrusted(socket, next.ca)));
    },
    dropPeers: (match) =>
      cut(
        [...sockets].filter((socket) => {
          const verified = peerOfSocket(socket);
          return verified !== null && match(verified.peer, verified.serial);
        }),
      ),
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeIdleConnections();
      const force = setTimeout(() => server.closeAllConnections(), closeTimeoutMs);
      await promise.finally(() => clearTimeout(force));
    },
  };
}
