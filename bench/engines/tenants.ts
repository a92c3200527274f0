/** Tenants to measure with: a person's homelab of one stack and its nodes. */
import { createHash } from "node:crypto";
import type { Engine } from "@kombify/stack-agent/engine";

export type Tenant = { id: string; slug: string; stackId: string; nodeIds: string[] };

export const NODES = 25;

/** The same ids for the same tenant on every host. @returns a UUID (version 8, RFC 9562). */
function idOf(name: string): string {
  const hex = createHash("sha256").update(name).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

export function tenantOf(number: number): Tenant {
  const slug = `t${number}`;
  const nodeIds = Array.from({ length: NODES }, (_, node) => idOf(`${slug} node ${node}`));
  return { id: idOf(slug), slug, stackId: idOf(`${slug} stack`), nodeIds };
}

/** Puts a tenant's row and records on a host that has its namespace. */
export async function fillTenant(engine: Engine, tenant: Tenant): Promise<void> {
  const { id: tenantId, slug, stackId } = tenant;
  await engine.shared.saveTenant(
    { tenantId, slug, orgId: slug, name: slug, plan: "free", state: "active", generation: 1 },
    "ready",
  );
  const transfer = engine.transfer(slug);
  const stamps = { createdAt: at(0), updatedAt: at(0) };
  const stack = { name: "home", description: "", mode: "easy", status: "running", services: ["traefik"], config: {} };
  await transfer.put("stacks", [
    { id: stackId, fields: { ...stack, ...stamps, createdBy: null, deletedAt: null }, extra: {} },
  ]);
  await transfer.put(
    "nodes",
    tenant.nodeIds.map((id, node) => ({
      id,
      fields: {
        stackId,
        name: `node ${node}`,
        role: "worker",
        status: "online",
        address: `10.0.0.${node}`,
        metadata: {},
        createdAt: at(node),
        updatedAt: at(node),
      },
      extra: {},
    })),
  );
}
