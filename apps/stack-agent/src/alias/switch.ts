/**
 * Whether the alias is on, and who still needs it. Both are small files in the home, so that an operator's command can
 * write and read them whether or not the agent runs.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const switchSchema = z.object({ isOn: z.boolean(), at: z.iso.datetime() });
const usageSchema = z.object({
  since: z.iso.datetime(),
  lastAt: z.iso.datetime().nullable(),
  total: z.number(),
  byKind: z.record(z.string(), z.number()),
  /** By what a client calls itself (User-Agent), the most frequent ones. */
  byClient: z.record(z.string(), z.number()),
});
export type AliasSwitch = z.infer<typeof switchSchema>;
export type AliasUsage = z.infer<typeof usageSchema>;

async function read<S extends z.ZodType>(home: string, name: string, schema: S): Promise<z.output<S> | null> {
  try {
    return schema.parse(JSON.parse(await readFile(join(home, name), "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

async function write(home: string, name: string, content: unknown): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o711 });
  const draft = join(home, `${name}.${randomUUID()}`);
  await writeFile(draft, JSON.stringify(content), { mode: 0o600, flush: true });
  await rename(draft, join(home, name));
}

/** Null when nobody has switched it yet. */
export const readSwitch = (home: string): Promise<AliasSwitch | null> => read(home, "alias.json", switchSchema);
export const writeSwitch = (home: string, isOn: boolean): Promise<void> =>
  write(home, "alias.json", { isOn, at: new Date().toISOString() } satisfies AliasSwitch);
export const readUsage = (home: string): Promise<AliasUsage | null> => read(home, "alias-usage.json", usageSchema);
export const writeUsage = (home: string, usage: AliasUsage): Promise<void> => write(home, "alias-usage.json", usage);
