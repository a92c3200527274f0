/**
 * The listener that the gateway talks to: mutual TLS, the same application as the public one, and nobody but the gateway.
 * What its headers say of a person is believed here and nowhere else.
 */
import { ServiceError } from "@kombify/agent-contract";
import { type Listener, listen, type ShellEnv } from "@kombify/server";
import type { Hono, MiddlewareHandler } from "hono";
import { refusalOfGateway } from "./agents/certificates.ts";
import type { ServiceCertificateView } from "./agents/schemas.ts";
import type { ControlPlane } from "./control-plane.ts";

type Plane = Pick<ControlPlane, "db" | "identity" | "onServiceRevoked">;

/**
 * Lets the gateway pass, and looks at its certificate in the database for every request: revoking works at once.
 * @throws ServiceError FORBIDDEN saying why.
 */
export function onlyGateway({ db }: Pick<Plane, "db">): MiddlewareHandler<ShellEnv> {
  const system = db.as({ kind: "system" });
  return async (c, next) => {
    const [peer, serial] = [c.get("peer"), c.get("peerSerial")];
    if (peer?.kind !== "service" || peer.name !== "gateway" || !serial)
      throw new ServiceError(
        "FORBIDDEN",
        "Only the gateway may call this, with its certificate. Others use the public address.",
      );
    const [row] = await system.read<Pick<ServiceCertificateView, "service" | "notAfter" | "revokedAt">>(
      (sql) => sql`
        select service, not_after as "notAfter", revoked_at as "revokedAt" from service_certificates where serial = ${serial}`,
    );
    const refusal = refusalOfGateway(row);
    if (refusal !== null) throw new ServiceError("FORBIDDEN", refusal);
    await next();
  };
}

/**
 * Opens it. `app` must stand behind {@link onlyGateway}; the shell's own `/health` and `/ready` answer any probe.
 * @throws ServiceError CONFLICT when the port is taken.
 */
export async function openGatewayListener(
  app: Hono<ShellEnv>,
  { identity, onServiceRevoked }: Plane,
  address: { port: number; host?: string },
): Promise<Listener> {
  const listener = await listen({ fetch: app.fetch, ...address, tls: identity.current() });
  identity.onRenewed((tls) => listener.updateTls(tls));
  onServiceRevoked((revoked) => void listener.dropPeers((_, serial) => serial === revoked));
  return listener;
}
