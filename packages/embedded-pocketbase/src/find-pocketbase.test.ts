import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterEach, expect, test } from "vitest";
import { cacheFolder, POCKETBASE_VERSION } from "./cache-folder.ts";
import { findPocketBase, foreseePocketBase, PocketBaseMissing } from "./index.ts";

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kombify-find-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function program(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  await chmod(path, 0o755);
  return path;
}

const NOWHERE = "http://127.0.0.1:9";
/** Go is looked for in its usual place as well; one that comes first in PATH stands before it. */
const failingGo = (folder: string) => program(join(folder, "bin", "go"), "#!/bin/sh\necho no network >&2; exit 1\n");

/** A server with a release as PocketBase publishes it. */
async function publish(options: { content: string; sha256?: string }): Promise<string> {
  const zip = zipSync({ "README.md": strToU8("read me"), pocketbase: strToU8(options.content) });
  const sha256 = options.sha256 ?? createHash("sha256").update(zip).digest("hex");
  const systems = ["linux", "darwin"].flatMap((os) => ["amd64", "arm64"].map((cpu) => `${os}_${cpu}`));
  const names = systems.map((system) => `pocketbase_${POCKETBASE_VERSION}_${system}.zip`);
  const server = createServer((request, response) => {
    if (request.url === `/v${POCKETBASE_VERSION}/checksums.txt`)
      return response.end(names.map((name) => `${sha256}  ${name}\n`).join(""));
    if (names.some((name) => request.url === `/v${POCKETBASE_VERSION}/${name}`)) return response.end(zip);
    response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
}

test("POCKETBASE_BIN comes first, and one that cannot be run is refused by name", async () => {
  const folder = await temporaryFolder();
  const bin = await program(join(folder, "pb"), "#!/bin/sh\n");
  await program(join(cacheFolder({ XDG_CACHE_HOME: folder }), "pocketbase"), "#!/bin/sh\n");
  expect(await findPocketBase({ env: { POCKETBASE_BIN: bin, XDG_CACHE_HOME: folder } })).toBe(bin);
  await chmod(bin, 0o644);
  for (const wrong of [bin, join(folder, "absent"), folder])
    await expect(findPocketBase({ env: { POCKETBASE_BIN: wrong, XDG_CACHE_HOME: folder } })).rejects.toThrow(
      `POCKETBASE_BIN is ${wrong}, which is not a file that can be run`,
    );
});

test("the cache of this machine comes before building and downloading", async () => {
  const folder = await temporaryFolder();
  const cached = await program(join(cacheFolder({ XDG_CACHE_HOME: folder }), "pocketbase"), "#!/bin/sh\n");
  const env = { XDG_CACHE_HOME: folder, PATH: dirname(await failingGo(folder)) };
  expect(await findPocketBase({ env, releases: NOWHERE })).toBe(cached);
  expect(await foreseePocketBase({ env, releases: NOWHERE })).toEqual({ from: "machine", detail: cached });
});

test("a program in the cache that anybody could have written is not run", async () => {
  const folder = await temporaryFolder();
  const cached = await program(join(cacheFolder({ XDG_CACHE_HOME: folder }), "pocketbase"), "#!/bin/sh\n");
  await chmod(cached, 0o757);
  const env = { XDG_CACHE_HOME: folder, PATH: dirname(await failingGo(folder)) };
  await expect(findPocketBase({ env, releases: NOWHERE })).rejects.toThrow(PocketBaseMissing);
});

test("Go builds it into the cache, also for two at the same time, and leaves no drafts", async () => {
  const folder = await temporaryFolder();
  const go = await program(
    join(folder, "bin", "go"),
    '#!/bin/sh\necho "$1 $2 CGO=$CGO_ENABLED HOME=$HOME" > "$GOBIN/base"; chmod 755 "$GOBIN/base"\n',
  );
  const env = { XDG_CACHE_HOME: join(folder, "cache"), PATH: `${dirname(go)}:${process.env.PATH}`, HOME: folder };
  expect(await foreseePocketBase({ env, releases: NOWHERE })).toEqual({ from: "go", detail: go });
  const said: string[] = [];
  const say = (line: string) => said.push(line);
  const both = await Promise.all([findPocketBase({ env, say }), findPocketBase({ env, say })]);
  expect(both[0]).toBe(both[1]);
  const built = `install github.com/pocketbase/pocketbase/examples/base@v${POCKETBASE_VERSION} CGO=0 HOME=${folder}\n`;
  expect(await readFile(both[0], "utf8")).toBe(built);
  expect(await readdir(dirname(both[0]))).toEqual(["pocketbase"]);
  expect(said[0]).toContain("building PocketBase");
});

test("where Go fails, the release is downloaded, verified and unpacked", async () => {
  const folder = await temporaryFolder();
  const env = { XDG_CACHE_HOME: folder, PATH: dirname(await failingGo(folder)) };
  const executable = await findPocketBase({ env, releases: await publish({ content: "#!/bin/sh\necho released\n" }) });
  expect(await readFile(executable, "utf8")).toContain("echo released");
  expect(await readdir(dirname(executable))).toEqual(["pocketbase"]);
});

test("a download whose checksum is not the published one is refused and not kept", async () => {
  const folder = await temporaryFolder();
  const env = { XDG_CACHE_HOME: folder, PATH: dirname(await failingGo(folder)) };
  const releases = await publish({ content: "#!/bin/sh\n", sha256: "0".repeat(64) });
  await expect(findPocketBase({ env, releases })).rejects.toThrow(
    /was refused: its SHA-256 is [0-9a-f]{64}, and 0{64}/,
  );
  expect(await readdir(cacheFolder(env)).catch(() => [])).toEqual([]);
});

test("without any way, the error says what was tried and every way to get one", async () => {
  const folder = await temporaryFolder();
  const go = await failingGo(folder);
  const failure = await findPocketBase({ env: { HOME: folder, PATH: dirname(go) }, releases: NOWHERE }).catch((e) => e);
  expect(failure).toBeInstanceOf(PocketBaseMissing);
  for (const part of [`${go} cannot build it: no network`, "checksums.txt cannot be read", "POCKETBASE_URL"])
    expect(failure.message).toContain(part);
  for (const part of ["POCKETBASE_BIN", "Go 1.25", "download"]) expect(failure.message).toContain(part);
});

test("an empty HOME is as good as none: the cache is still this user's", () => {
  for (const env of [{}, { HOME: "" }, { HOME: "", XDG_CACHE_HOME: "" }])
    expect(cacheFolder(env)).toMatch(/^\/.*kombify\/pocketbase\/[\d.]+$/);
});
