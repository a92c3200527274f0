import { listCertificates, listInstances, renewCertificates, revokeCertificate } from "@kombify/api";
import { serialInput } from "@kombify/api/schemas";
import type { Command } from "commander";
import { CommandError, withControlPlane } from "./control-plane.ts";
import { formatTable, printJson } from "./table.ts";

const dayOf = (date: Date): string => date.toISOString().slice(0, 16).replace("T", " ");

async function list(options: { json?: true }): Promise<void> {
  await withControlPlane(async (controlPlane) => {
    const { authorities, items } = await listCertificates(controlPlane.asSystem("command line"));
    if (options.json) return printJson({ authorities, items });
    const cas = authorities.map(({ fingerprint, activatedAt, notAfter }, index) => {
      const state =
        activatedAt === null
          ? "trusted, issues later"
          : index === 0 || authorities[index - 1]?.activatedAt === null
            ? "issues"
            : "trusted, on its way out";
      return [fingerprint.slice(0, 16), state, dayOf(notAfter)];
    });
    console.log(`${formatTable(["certificate authority", "state", "ends (UTC)"], cas)}\n`);
    const rows = items.map(({ serial, service, issuedAt, notAfter, revokedAt }) => [
      serial,
      service,
      dayOf(issuedAt),
      dayOf(notAfter),
      revokedAt ? `revoked ${dayOf(revokedAt)}` : "good",
    ]);
    console.log(formatTable(["serial number", "service", "issued (UTC)", "ends (UTC)", "state"], rows));
  });
}

async function revoke(text: string): Promise<void> {
  const input = serialInput.safeParse({ serial: text });
  if (!input.success) throw new CommandError(input.error.issues[0]?.message);
  await withControlPlane(async (controlPlane) => {
    const { serial, service } = await revokeCertificate(controlPlane.asSystem("command line"), input.data.serial);
    console.log(`The certificate ${serial} of the ${service} service is refused from now on.`);
  });
}

async function renew(options: { instance?: string }): Promise<void> {
  await withControlPlane(async (controlPlane) => {
    const ctx = controlPlane.asSystem("command line");
    const { instance: name } = options;
    if (name === undefined) {
      await renewCertificates(ctx);
      console.log("Every agent takes a new certificate within half a minute; those that are away when they are back.");
      return;
    }
    const { items } = await listInstances(ctx.db, { search: name, sort: "name", limit: 200 });
    const known = items.find((instance) => instance.name === name);
    if (!known) throw new CommandError(`There is no instance "${name}".`);
    await renewCertificates(ctx, known.id);
    console.log(`The agent of ${name} takes a new certificate within half a minute, or when it is back.`);
  });
}

/** `certificates list`, `certificates revoke`, `certificates renew`. */
export function addCertificates(program: Command): void {
  const certificates = program.command("certificates").description("certificates of services, gateways and agents");
  certificates
    .command("list")
    .description("the authorities, and the certificates of our own services and of gateways")
    .option("--json", "for programs")
    .action(list);
  certificates
    .command("revoke <serial>")
    .description("refuse a service's or a gateway's certificate from now on, everywhere")
    .action(revoke);
  certificates
    .command("renew")
    .description("ask agents for new keys and certificates now")
    .option("--instance <name>", "one instance's agent; without it all")
    .action(renew);
}
