import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import type { Plugin } from "vite";

const COMPRESSIBLE = /\.(?:js|css|svg)$/;

/** Writes `.br` and `.gz` beside each text asset of the browser build, so that serving one costs no compression. */
export function precompress(): Plugin {
  let outDir = "";
  return {
    name: "kombify-precompress",
    apply: "build",
    configResolved(config) {
      outDir = config.build.ssr ? "" : config.build.outDir;
    },
    async closeBundle() {
      if (outDir === "") return;
      const files = await readdir(join(outDir, "assets"), { withFileTypes: true });
      await Promise.all(
        files
          .filter((file) => file.isFile() && COMPRESSIBLE.test(file.name))
          .map(async (file) => {
            const path = join(outDir, "assets", file.name);
            const content = await readFile(path);
            await writeFile(`${path}.br`, await promisify(brotliCompress)(content));
            await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
          }),
      );
    },
  };
}
