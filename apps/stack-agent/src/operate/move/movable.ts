import { type EngineKind, ServiceError } from "@kombify/agent-contract";
import type { Host } from "../host.ts";

/** PocketBase reads every collection again on each change of the schema; see ADR 0010. */
const MAX_POCKETBASE_TENANTS = 250;

/**
 * Whether this host can move to another engine now.
 * @throws ServiceError PRECONDITION with what stands in the way and what to do about it.
 */
export async function assertMovable({ gate }: Host, to: EngineKind): Promise<void> {
  const { engine } = gate;
  const slugs = await engine.listNamespaces();
  if (to === "pocketbase" && slugs.length > MAX_POCKETBASE_TENANTS)
    throw new ServiceError(
      "PRECONDITION",
      `This host has ${slugs.length} tenants and PocketBase takes ${MAX_POCKETBASE_TENANTS}. Move tenants to other hosts first.`,
    );
  const old = (await engine.shared.listTenants()).filter(
    ({ slug, namespaceVersion }) => slugs.includes(slug) && namespaceVersion < engine.namespaceVersion,
  );
  if (old.length > 0)
    throw new ServiceError(
      "PRECONDITION",
      `These tenants are not at version ${engine.namespaceVersion} of the collections yet: ${old.map(({ slug }) => slug).join(", ")}. Wait until the agent has brought them there, or mend what its log says of them.`,
    );
}
