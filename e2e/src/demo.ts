/** A small fleet with people who could exist, for pictures. */
import { join } from "node:path";
import { findServer } from "@kombify/embedded-postgres";
import type { Page } from "playwright-core";
import postgres from "postgres";
import { type Person, register } from "./people.ts";
import { addNode, createStack } from "./stack-console.ts";
import { signInStaff, untilStatus } from "./staff-api.ts";
import type { System } from "./system.ts";

const PASSWORD = "seven quiet lanterns";
const person = (name: string, homelab: string, slug: string): Person => {
  const email = `${name.toLowerCase().replaceAll(" ", ".")}@example.org`;
  return { name, email, password: PASSWORD, homelab, slug };
};

/** Whose homelab the pictures show. */
export const ADA = person("Ada Keller", "Ada's lab", "adaslab");

const NEIGHBOURS = [
  person("Jonas Lind", "Lindhouse", "lindhouse"),
  person("Mei Tanaka", "Tanaka Home", "tanakahome"),
  person("Samuel Okafor", "Okafor Family", "okaforfamily"),
  person("Clara Neumann", "Attic Rack", "atticrack"),
  person("Luis Ortega", "Casa Ortega", "casaortega"),
  person("Priya Nair", "Nair Cloud", "naircloud"),
  person("Tom Becker", "Kellerlab", "kellerlab"),
  person("Elif Demir", "Demir Media", "demirmedia"),
  person("Noah Smit", "Smit NAS", "smitnas"),
  person("Ines Costa", "Casa Azul", "casaazul"),
  person("Viktor Hahn", "Hahnhof", "hahnhof"),
];

/** Signs everybody up, over the last two weeks as far as the tables know. */
export async function fillFleet(system: System): Promise<void> {
  const staff = await signInStaff(system);
  for (const each of [...NEIGHBOURS, ADA]) {
    const answer = await register(system.cloudUrl, each);
    if (answer.status !== 201) throw new Error(`${each.email}: ${answer.status} ${await answer.text()}`);
    await untilStatus(staff, each.slug, "active");
  }
  const url = await findServer(join(system.site.home, "postgres"), "kombify");
  const sql = postgres(url!, { max: 1, onnotice: () => undefined });
  const days = [13, 12, 11, 9, 8, 6, 5, 5, 3, 2, 1];
  for (const [index, { slug }] of NEIGHBOURS.entries())
    await sql`update tenants set created_at = created_at - make_interval(days => ${days[index]!}),
      placed_at = placed_at - make_interval(days => ${days[index]!}),
      activated_at = activated_at - make_interval(days => ${days[index]!}) where slug = ${slug}`;
  await sql.end();
}

/** Somebody who waits because every host is closed at that moment. */
export async function addWaiting(system: System): Promise<void> {
  const staff = await signInStaff(system);
  const open = (await staff.instances()).filter(({ cordonedAt }) => cordonedAt === null);
  for (const { name } of open) await staff.cordon(name);
  await register(system.cloudUrl, person("Hanna Vogel", "Vogelhaus", "vogelhaus"));
}

/** Ada's stacks, from inside her console. @returns the address of the one to show. */
export async function fillConsole(page: Page, stackUrl: string): Promise<string> {
  await createStack(page, stackUrl, {
    name: "backups",
    services: ["restic", "minio"],
    description: "Every night, two places",
  });
  await createStack(page, stackUrl, {
    name: "smart-home",
    services: ["home-assistant", "mosquitto", "zigbee2mqtt"],
    description: "Lights, heating, the garden",
  });
  await addNode(page, { name: "mini-pc", role: "foundation", address: "192.168.1.10" });
  const media = await createStack(page, stackUrl, {
    name: "media",
    services: ["traefik", "jellyfin", "sonarr", "radarr"],
    description: "Films and music for everybody at home",
  });
  await addNode(page, { name: "nas", role: "storage", address: "192.168.1.20" });
  await addNode(page, { name: "nuc", role: "worker", address: "192.168.1.21" });
  return media;
}
