import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { expect, test } from "vitest";

/** ui.md: compressed script on a first visit to any page, in bytes. */
const BUDGET = 180_000;
const ASSETS = new URL("./build/client/assets/", import.meta.url);

type Part = { module: string; imports?: string[] };
type RemixManifest = { entry: Part; routes: Record<string, Part> };

async function readManifest(): Promise<RemixManifest> {
  const file = (await readdir(ASSETS)).find((name) => /^manifest-\w+\.js$/.test(name)) ?? "";
  const script = await readFile(new URL(file, ASSETS), "utf8");
  return JSON.parse(script.replace(/^window\.__remixManifest=|;$/g, ""));
}

/** A script and every script that it names: what it loads later counts too, since a page that watches loads it. */
async function addWithImports(file: string, seen: Set<string>): Promise<void> {
  if (seen.has(file)) return;
  seen.add(file);
  const script = await readFile(new URL(file, ASSETS), "utf8");
  for (const [, next] of script.matchAll(/["'](?:\.\/|assets\/)([\w.-]+\.js)["']/g)) await addWithImports(next!, seen);
}

test("a first visit to any page loads at most 180 kB of compressed script", async () => {
  expect(existsSync(ASSETS), "The portal is not built: run `npm test`, or `turbo run build` first.").toBe(true);
  const { entry, routes } = await readManifest();
  const pages = Object.entries(routes).filter(([id]) => id !== "root");
  expect(pages.length).toBeGreaterThan(5);
  const sizes: [page: string, bytes: number][] = [];
  for (const [id, page] of pages) {
    const files = new Set<string>();
    for (const part of [entry, routes.root!, page])
      for (const path of [part.module, ...(part.imports ?? [])]) await addWithImports(basename(path), files);
    const each = await Promise.all([...files].map(async (file) => (await stat(new URL(`${file}.gz`, ASSETS))).size));
    sizes.push([id, each.reduce((sum, size) => sum + size, 0)]);
  }
  sizes.sort(([, a], [, b]) => b - a);
  expect(sizes[0]![1], `gzip bytes by page: ${JSON.stringify(sizes)}`).toBeLessThanOrEqual(BUDGET);
});
