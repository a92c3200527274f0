/** The plugin's own tests, in Lua under LuaJIT: each of their cases is a test here. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { makeLuaPath } from "../edge/lua-path.ts";
import { badTokens, createPublishedKeys, goodTokens } from "../edge/test-issuer.ts";
import { identity } from "../src/plugins.ts";
import { readSettings } from "../src/settings.ts";

const FOLDER = fileURLToPath(new URL("kombify-identity/test/", import.meta.url));
const RUNNER = fileURLToPath(new URL("../edge/lua/run-tests.lua", import.meta.url));
const ISSUER = "https://id.test";

const caseSchema = z.object({ name: z.string(), problem: z.string().nullable() });
type Case = z.output<typeof caseSchema>;

/** The names of the cases are known only once they have run; running them is a matter of milliseconds. */
async function runAll(): Promise<Map<string, Case[]>> {
  const home = await mkdtemp(join(tmpdir(), "kombify-lua-"));
  try {
    const keys = await createPublishedKeys();
    const tokens = { ...(await goodTokens(ISSUER, keys)), ...(await badTokens(ISSUER, keys)) };
    const jwks = { keys: Object.values(keys).map((key) => key.jwk) };
    const example = JSON.parse(await readFile(new URL("../example.json", import.meta.url), "utf8"));
    const { config } = identity(readSettings(example), "verify");
    const fixture = join(home, "tokens.json");
    await writeFile(fixture, JSON.stringify({ issuer: ISSUER, tokens, jwks, rendered: config }));
    const env = { ...process.env, LUA_PATH: await makeLuaPath(home) };
    const found = new Map<string, Case[]>();
    for (const file of (await readdir(FOLDER)).sort()) {
      const { stdout } = await promisify(execFile)("luajit", [RUNNER, join(FOLDER, file), fixture], { env });
      const lines = stdout.split("\n").filter(Boolean);
      found.set(
        file,
        lines.map((line) => caseSchema.parse(JSON.parse(line))),
      );
    }
    return found;
  } finally {
    await rm(home, { recursive: true });
  }
}

const isMissing = await promisify(execFile)("luajit", ["-v"]).then(
  () => false,
  () => true,
);

if (isMissing)
  describe.skip("LuaJIT is missing: install it (Debian: apt-get install luajit2 lua-cjson)", () =>
    it("runs", () => undefined));
else
  describe.each([...(await runAll())])("kombify-identity: %s", (_file, cases) => {
    it.each(cases)("$name", ({ problem }) => expect(problem).toBeNull());
  });
