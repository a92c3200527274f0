import { createJoinToken, listInstances, registerInstance } from "@kombify/api";
import { registerInstanceInput } from "@kombify/api/schemas";
import type { Command } from "commander";
import { CommandError, withControlPlane } from "./control-plane.ts";
import { ageOf, formatTable, printJson } from "./table.ts";

const PAGE = 200;

async function list(options: { json?: true }): Promise<void> {
  await withControlPlane(async (controlPlane) => {
    const page = await listInstances(controlPlane.asSystem("command line").db, { sort: "name", limit: PAGE });
    if (options.json) return printJson(page.items);
    const rows = page.items.map((instance) => [
      instance.name,
      instance.connection,
      instance.health,
      `${instance.placesUsed}/${instance.capacity}`,
      `${instance.appliedRevision}/${instance.desiredRevision}`,
      ageOf(instance.lastSeenAt),
      instance.cordonedAt ? "cordoned" : "open",
      instance.publicUrl ?? "-",
    ]);
    const headings = ["name", "connection", "health", "places", "applied/desired", "heartbeat", "placement", "address"];
    console.log(formatTable(headings, rows));
    if (page.total > rows.length) console.log(`\n${rows.length} of ${page.total}.`);
  });
}

async function joinToken(name: string, options: { register?: true; capacity?: string; json?: true }): Promise<void> {
  await withControlPlane(async (controlPlane) => {
    const ctx = controlPlane.asSystem("command line");
    const { items } = await listInstances(ctx.db, { search: name, sort: "name", limit: PAGE });
    const known = items.find((instance) => instance.name === name);
    if (!known && !options.register)
      throw new CommandError(`There is no instance "${name}". Add --register to register it.`);
    const input = registerInstanceInput.safeParse({
      name,
      ...(options.capacity === undefined ? {} : { capacity: Number(options.capacity) }),
    });
    const [refusal] = input.error?.issues ?? [];
    if (!input.success) throw new CommandError(`${refusal?.path.join(".")}: ${refusal?.message}`);
    const view = known ? await createJoinToken(ctx, known.id) : await registerInstance(ctx, input.data);
    if (options.json) return printJson({ joinCommand: view.joinCommand, expiresAt: view.expiresAt });
    console.log(`Run this on the host, in a checkout of kombify, before ${view.expiresAt.toISOString()}:\n`);
    console.log(`  ${view.joinCommand}\n`);
    console.log("It works once.");
  });
}

/** `instances list`, `instances join-token`. */
export function addInstances(program: Command): void {
  const instances = program.command("instances").description("Stack hosts");
  instances
    .command("list")
    .description("all hosts with places, heartbeat, and what is applied beside what is wished")
    .option("--json", "for programs")
    .action(list);
  instances
    .command("join-token <name>")
    .description("the command that joins a host to this control plane")
    .option("--register", "register the instance when it is not known")
    .option("--capacity <places>", "places of a newly registered instance; without it as many as its host says")
    .option("--json", "for programs")
    .action(joinToken);
}
