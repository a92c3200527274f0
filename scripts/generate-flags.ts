/**
 * Writes the typed accessors of our own flags from their manifest. With `--check` it writes nothing, and fails when the
 * two are not in step.
 */
import { readFile, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ownFlagsManifestSchema } from "@kombify/flags/own/manifest";
import { accessorsOf } from "./flags/accessors.ts";

const fileAt = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const MANIFEST = fileAt("../packages/flags/own-flags.json");
const ACCESSORS = fileAt("../packages/flags/src/own/own-flags.generated.ts");

const manifest = ownFlagsManifestSchema.parse(JSON.parse(await readFile(MANIFEST, "utf8")));
const wanted = accessorsOf(manifest);
if (process.argv.includes("--check")) {
  const found = await readFile(ACCESSORS, "utf8").catch(() => "");
  if (found !== wanted) {
    const name = relative(fileAt(".."), ACCESSORS);
    process.stderr.write(`${name} is not what own-flags.json says. Run pnpm flags:generate.\n`);
    process.exitCode = 1;
  }
} else await writeFile(ACCESSORS, wanted);
