/** Where Lua finds the plugin: Kong asks for `kong.plugins.<name>.<module>`, so a folder needs `kong/plugins` in it. */
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PLUGINS = fileURLToPath(new URL("../plugins", import.meta.url));
/** For tests: what Kong brings along, as far as the plugin uses it. */
const STAND_INS = fileURLToPath(new URL("lua", import.meta.url));

/** Makes `kong/plugins` in a folder lead to ours. @returns the value of Lua's package path. */
export async function makeLuaPath(folder: string): Promise<string> {
  await mkdir(join(folder, "kong"));
  await symlink(PLUGINS, join(folder, "kong/plugins"));
  return [folder, STAND_INS, "/usr/share/lua/5.1"].map((root) => `${root}/?.lua`).join(";");
}
