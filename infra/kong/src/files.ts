/** The two files as text. */
import { stringify } from "yaml";
import type { KongFile } from "./entities.ts";
import { readPages } from "./pages.ts";
import { renderKong, renderKongForDatabase } from "./render.ts";
import type { GatewaySettings } from "./settings.ts";

const HEADER = `# Written by "pnpm kong:render" from the tables that the services answer from. Change those, or the settings.
# Holds no secret: certificates and passwords are references into the gateway's environment.
`;

const textOf = (file: KongFile): string =>
  `${HEADER}${stringify(file, { lineWidth: 0, aliasDuplicateObjects: false })}`;

/** By name: `kong.yml` is loaded without a database, `kong-db.yml` is what `deck gateway sync` takes. */
export async function gatewayFiles(settings: GatewaySettings): Promise<Record<"kong.yml" | "kong-db.yml", string>> {
  const pages = await readPages();
  return {
    "kong.yml": textOf(renderKong(settings, pages)),
    "kong-db.yml": textOf(renderKongForDatabase(settings, pages)),
  };
}
