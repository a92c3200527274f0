/**
 * Namespaces under a name that nobody has, where archives are unpacked before they take a tenant's place. The home knows
 * of each before it exists, so that whatever a dead process left is found and removed.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Logger } from "@kombify/server";
import { z } from "zod";
import { readIfThere, replaceFile } from "../../durable-file.ts";
import type { Gate } from "../../engine/gate/gate.ts";

const stageSchema = z.object({
  slug: z.string(),
  /** Tenant whose namespace it replaces, from the moment in which that may happen. */
  replaces: z.uuid().nullable(),
});
type Stage = z.infer<typeof stageSchema>;
const fileSchema = z.array(stageSchema);

export type Staging = {
  /** A slug of which no namespace exists, remembered until it is removed. */
  begin(): Promise<string>;
  /** From here on this namespace may be found in the place of the tenant's own. */
  willReplace(slug: string, tenantId: string): Promise<void>;
  /** Drops the namespace if it is there, and forgets it. */
  remove(slug: string): Promise<void>;
  /** Removes whatever is left of imports that have ended. */
  sweep(): Promise<void>;
};

/** Twenty characters, a letter first. Guessing one is out of the question; meeting one by chance as well. */
const randomSlug = (): string => `z${BigInt(`0x${randomBytes(12).toString("hex")}`).toString(36)}`.slice(0, 20);

/** The list of a home. What an earlier process left behind stays hidden until it is swept. */
export async function openStaging(home: string, gate: Gate, log: Logger): Promise<Staging> {
  const file = join(home, "staging.json");
  let stages: Stage[] = fileSchema.parse(JSON.parse((await readIfThere(file)) ?? "[]"));
  const save = async (next: Stage[]): Promise<void> => {
    await replaceFile(file, JSON.stringify(next));
    stages = next;
  };
  for (const { slug } of stages) gate.hide(slug);
  const staging: Staging = {
    async sweep() {
      for (const { slug } of stages) {
        await staging.remove(slug);
        log.warn({ slug }, "what was left of an import has been removed");
      }
    },
    async begin() {
      const slug = randomSlug();
      gate.hide(slug);
      await save([...stages, { slug, replaces: null }]);
      return slug;
    },
    willReplace: (slug, replaces) =>
      save(stages.map((stage) => (stage.slug === slug ? { ...stage, replaces } : stage))),
    async remove(slug) {
      const replaces = stages.find((stage) => stage.slug === slug)?.replaces;
      for (const engine of gate.engines()) await engine.dropNamespace(slug);
      // Sessions name people of the namespace that was there before.
      if (replaces) await gate.engine.shared.endSessionsOfTenant(replaces);
      await save(stages.filter((stage) => stage.slug !== slug));
      gate.show(slug);
    },
  };
  return staging;
}
