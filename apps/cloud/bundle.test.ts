import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { expect, test } from "vitest";

/** ui.md: compressed script on a first visit to any page, in bytes. */
const BUDGET = 180_000;
const CLIENT = new URL("./build/client/", import.meta.url);
const MANIFEST = new URL(".vite/manifest.json", CLIENT);

type Chunk = { file: string; imports?: string[]; dynamicImports?: string[]; isEntry?: boolean };

/** A module with everything that it loads, what it loads later included: a page that watches something loads it too. */
function withImports(manifest: Record<string, Chunk>, key: string, seen = new Set<string>()): Set<string> {
  const chunk = manifest[key];
  if (chunk === undefined || seen.has(key)) return seen;
  seen.add(key);
  for (const next of [...(chunk.imports ?? []), ...(chunk.dynamicImports ?? [])]) withImports(manifest, next, seen);
  return seen;
}

test("a first visit to any page loads at most 180 kB of compressed script", async () => {
  expect(existsSync(MANIFEST), "The portal is not built. Run `npm run build` or the tests through `npm test`.").toBe(
    true,
  );
  const manifest: Record<string, Chunk> = JSON.parse(await readFile(MANIFEST, "utf8"));
  const entries = Object.keys(manifest).filter((key) => manifest[key]?.isEntry);
  const shared = entries.filter((key) => /entry\.client|app\/root/.test(key));
  const routes = entries.filter((key) => key.includes("app/routes/"));
  expect(shared).toHaveLength(2);
  expect(routes.length).toBeGreaterThan(5);
  const sizes: Record<string, number> = {};
  for (const route of routes) {
    const keys = [...shared, route].reduce((seen, key) => withImports(manifest, key, seen), new Set<string>());
    const files = new Set([...keys].map((key) => manifest[key]?.file).filter((file) => file?.endsWith(".js")));
    const each = await Promise.all([...files].map(async (file) => (await stat(new URL(`${file}.gz`, CLIENT))).size));
    sizes[route.replace(/^app\/routes\/|\/route\.tsx?.*$/g, "")] = each.reduce((sum, size) => sum + size, 0);
  }
  const worst = Object.entries(sizes).sort(([, a], [, b]) => b - a);
  expect(worst[0]?.[1], `gzip bytes by page: ${JSON.stringify(worst)}`).toBeLessThanOrEqual(BUDGET);
});
