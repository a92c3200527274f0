import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type ControlPlane, listInstances } from "@kombify/api";
import { type GatewaySettingsInput, gatewayFiles, readSettings } from "@kombify/infra-kong";
import type { Command } from "commander";
import { CommandError, withControlPlane } from "./control-plane.ts";
import { gatewayCertificate } from "./gateway-files.ts";

const PAGE = 200;

type RenderOptions = { settings: string; out: string; stackUrl: string };

/** What the control plane knows of its fleet; the rest is the installation's own decision and comes from its settings. */
export async function readFleet(
  controlPlane: Pick<ControlPlane, "asSystem" | "identity">,
  stackUrl: string,
): Promise<Pick<GatewaySettingsInput, "instances" | "certificateAuthorities">> {
  const { db } = controlPlane.asSystem("command line");
  const instances: GatewaySettingsInput["instances"] = [];
  let cursor: string | undefined;
  do {
    const page = await listInstances(db, { sort: "name", limit: PAGE, cursor });
    for (const { name, region, internalUrl } of page.items) {
      // One that has not joined yet has no address.
      if (!internalUrl) continue;
      const url = stackUrl.replaceAll("{host}", new URL(internalUrl).hostname).replaceAll("{name}", name);
      const isStaging = /\bstaging\b/i.test(`${name} ${region}`);
      instances.push({ name, environment: isStaging ? "staging" : "production", url });
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return { instances, certificateAuthorities: controlPlane.identity.current().ca };
}

async function readFileOf(path: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function render(options: RenderOptions): Promise<void> {
  const given = await readFileOf(asTyped(options.settings));
  const fleet = await withControlPlane((controlPlane) => readFleet(controlPlane, options.stackUrl));
  const files = await settle({ ...given, ...fleet });
  const out = asTyped(options.out);
  await mkdir(out, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(out, name), text);
    console.log(join(out, name));
  }
  console.log(`${fleet.instances.length} Stack instances.`);
}

async function settle(value: unknown): Promise<Record<string, string>> {
  try {
    return await gatewayFiles(readSettings(value));
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}

/** Files are where the person stands, which is not where npm runs its scripts. */
const asTyped = (path: string): string => resolve(process.env.INIT_CWD ?? process.cwd(), path);

/** `gateway render`, `gateway certificate`. */
export function addGateway(program: Command): void {
  const gateway = program.command("gateway").description("Kong in front of the portals and the Stacks");
  gateway
    .command("render")
    .description("Kong's configuration for this installation, with the instances and CAs that the control plane knows")
    .requiredOption("--settings <file>", "hosts, upstreams, Redis and issuers, as infra/kong/example.json has them")
    .requiredOption("--out <folder>", "where kong.yml and kong-db.yml are written")
    .option(
      "--stack-url <url>",
      "how the gateway reaches a Stack: {host} is its internal host, {name} its name",
      "http://{host}:3100",
    )
    .action(render);
  gateway
    .command("certificate")
    .description("give the gateway a key, a certificate and the CAs to trust")
    .requiredOption("--out <folder>", "where key.pem, certificate.pem and ca.pem are written")
    .option("--days <days>", "how long it is good, 30 at most", "7")
    .action(({ out, days }: { out: string; days: string }) => gatewayCertificate(asTyped(out), Number(days)));
}
