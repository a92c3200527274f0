/** `pnpm kong:render`: writes kong.yml and kong-db.yml of the example settings beside them. */
import { readFile, writeFile } from "node:fs/promises";
import { gatewayFiles } from "./files.ts";
import { readSettings } from "./settings.ts";

const FOLDER = new URL("..", import.meta.url);

const settings = readSettings(JSON.parse(await readFile(new URL("example.json", FOLDER), "utf8")));
for (const [name, text] of Object.entries(await gatewayFiles(settings))) {
  await writeFile(new URL(name, FOLDER), text);
  console.log(`infra/kong/${name}`);
}
