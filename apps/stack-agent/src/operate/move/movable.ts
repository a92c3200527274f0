import { capacityRefusal, type EngineKind, ServiceError } from "@kombify/agent-contract";
import { readSwitch } from "../../alias/switch.ts";
import type { Host } from "../host.ts";

/**
 * Whether this host can move to another engine now.
 * @throws ServiceError PRECONDITION with what stands in the way and what to do about it.
 */
export async function assertMovable({ gate, home }: Host, to: EngineKind): Promise<void> {
  const { engine } = gate;
  if ((await readSwitch(home))?.isOn)
    throw new ServiceError(
      "PRECONDITION",
      "Old clients are served through the alias, which only PocketBase can. Switch it off first: kombify-agent alias off.",
    );
  const slugs = await engine.listNamespaces();
  const refusal = capacityRefusal(to, slugs.length);
  if (refusal) throw new ServiceError("PRECONDITION", `This host has ${slugs.length} tenants. ${refusal}`);
  const old = (await engine.shared.listTenants()).filter(
    ({ slug, namespaceVersion }) => slugs.includes(slug) && namespaceVersion < engine.namespaceVersion,
  );
  if (old.length > 0)
    throw new ServiceError(
      "PRECONDITION",
      `These tenants are not at version ${engine.namespaceVersion} of the collections yet: ${old.map(({ slug }) => slug).join(", ")}. Wait until the agent has brought them there, or mend what its log says of them.`,
    );
}
