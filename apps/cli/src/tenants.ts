import { inspectTenant, searchTenants } from "@kombify/api";
import type { Command } from "commander";
import { CommandError, withControlPlane } from "./control-plane.ts";
import { ageOf, formatTable, printJson } from "./table.ts";

const PAGE = 200;

async function listTenants(options: { search?: string; json?: true }): Promise<void> {
  await withControlPlane(async (controlPlane) => {
    const ctx = controlPlane.asSystem("command line");
    const page = await searchTenants(ctx, { search: options.search, sort: "-createdAt", limit: PAGE });
    if (options.json) return printJson(page.items);
    const rows = page.items.map((tenant) => [
      tenant.slug,
      tenant.name,
      tenant.plan,
      tenant.status,
      tenant.instance?.name ?? "-",
      `${tenant.appliedRevision}/${tenant.desiredRevision}`,
      tenant.ownerEmail ?? "-",
      ageOf(tenant.createdAt),
    ]);
    console.log(
      formatTable(["slug", "name", "plan", "status", "instance", "applied/desired", "owner", "created"], rows),
    );
    if (page.total > rows.length) console.log(`\n${rows.length} of ${page.total}: narrow it down with --search.`);
  });
}

async function showTenant(slug: string, options: { json?: true }): Promise<void> {
  await withControlPlane(async (controlPlane) => {
    const ctx = controlPlane.asSystem("command line");
    const { items } = await searchTenants(ctx, { search: slug, sort: "slug", limit: PAGE });
    const found = items.find((tenant) => tenant.slug === slug || tenant.id === slug);
    if (!found) throw new CommandError(`There is no tenant "${slug}". \`kombify tenants list\` shows them.`);
    const tenant = await inspectTenant(ctx, found.id);
    if (options.json) return printJson(tenant);
    const facts = [
      ["Name", tenant.name],
      ["Id", tenant.id],
      ["Organisation", tenant.orgId],
      ["Plan", tenant.plan],
      ["Status", tenant.status],
      ["Instance", tenant.instance?.name ?? "none yet"],
      ["Generation", String(tenant.generation)],
      ["Applied of desired", `${tenant.appliedRevision} of ${tenant.desiredRevision}`],
      ["Active since", tenant.activatedAt?.toISOString() ?? "not yet"],
      ...(tenant.error ? [["Error", tenant.error]] : []),
    ];
    console.log(facts.map(([key, value]) => `${key}:`.padEnd(20) + value).join("\n"));
    const members = tenant.members.map((member) => [member.email, member.name, member.role]);
    console.log(`\n${formatTable(["member", "name", "role"], members)}`);
  });
}

/** `tenants list`, `tenants show`. */
export function addTenants(program: Command): void {
  const tenants = program.command("tenants").description("customers and their homelabs");
  tenants
    .command("list")
    .description("the newest tenants, with instance and state")
    .option("--search <text>", "in slug, name, organisation and members' addresses")
    .option("--json", "for programs")
    .action(listTenants);
  tenants
    .command("show <slug>")
    .description("one tenant, by slug or id")
    .option("--json", "for programs")
    .action(showTenant);
}
