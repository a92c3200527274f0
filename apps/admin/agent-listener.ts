/** The listener that agents talk to: mutual TLS, the agent protocol and nothing else. */
import { type ControlPlane, mountAgentApi } from "@kombify/api";
import { createShell, type Listener, type Logger, listen } from "@kombify/server";

export type AgentListenerOptions = { controlPlane: ControlPlane; port: number; version: string; log: Logger };

/**
 * Opens it. A new certificate of ours is swapped in without dropping anybody; an agent that is cut off loses its open
 * connections at once. Joining is the only route that answers somebody without a client certificate.
 * @throws ServiceError CONFLICT when the port is taken.
 */
export async function openAgentListener(options: AgentListenerOptions): Promise<Listener> {
  const { controlPlane, version, log } = options;
  const { app } = createShell({ name: "agent-api", version, log, checks: controlPlane.checks, exposeMetrics: false });
  mountAgentApi(app, controlPlane);
  const listener = await listen({ fetch: app.fetch, port: options.port, tls: controlPlane.identity.current() });
  controlPlane.identity.onRenewed((tls) => listener.updateTls(tls));
  controlPlane.onRevoked((instanceId) => {
    const dropped = listener.dropPeers((peer) => peer.kind === "instance" && peer.instanceId === instanceId);
    log.info({ instanceId, dropped }, "an agent was cut off");
  });
  return listener;
}
