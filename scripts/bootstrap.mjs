/**
 * The way in from a bare checkout: `npm start`, `npm test`, `npm run bench`, `npm run kombify`. It runs on the system's
 * Node (20.19 or newer) with nothing installed, brings the dependencies to what the lockfile says, and hands over to the
 * Node 24 that came with them, which runs TypeScript as it is.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const STAMP = join(ROOT, "node_modules", ".kombify-installed");
const ENTRIES = {
  start: "scripts/start.ts",
  test: "scripts/test.ts",
  bench: "bench/main.ts",
  kombify: "apps/cli/main.ts",
};
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** What the installed packages depend on; when it changes, they are installed again. */
function fingerprint() {
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"])
    hash.update(readFileSync(join(ROOT, file)));
  return hash.update(`${process.platform}-${process.arch}`).digest("hex");
}

/** HOME="" makes package managers write into the current folder; without it they ask the system. */
function environment() {
  const env = { ...process.env };
  if (!env.HOME) delete env.HOME;
  return env;
}

/** Runs a program in our place: same streams, signals passed on. Resolves with its exit code. */
function run(file, args, { ipc = false } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = ["inherit", "inherit", "inherit", ...(ipc ? ["ipc"] : [])];
    const child = spawn(file, args, { stdio, env: environment(), cwd: ROOT });
    const forward = (signal) => child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, forward);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const name of SIGNALS) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

async function install() {
  const wanted = fingerprint();
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted) return;
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  console.error(`kombify: installing packages with ${packageManager} ...`);
  const startedAt = Date.now();
  const code = await run("npx", [
    "--yes",
    "--prefer-offline",
    packageManager,
    "install",
    "--frozen-lockfile",
    "--reporter=append-only",
  ]);
  if (code !== 0) {
    console.error(
      `kombify: the installation failed (exit code ${code}); the reason is above. Is the npm registry reachable?`,
    );
    process.exit(code);
  }
  writeFileSync(STAMP, wanted);
  console.error(`kombify: packages installed in ${Math.round((Date.now() - startedAt) / 1000)} s`);
}

/** @returns the Node to run TypeScript with. */
function findNode() {
  const packaged = join(ROOT, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  if (existsSync(packaged)) return packaged;
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  console.error(
    `kombify: there is no packaged Node 24 for ${process.platform}-${process.arch}. Install Node 24 and start again.`,
  );
  process.exit(1);
}

const [command, ...args] = process.argv.slice(2);
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`kombify: this is Node ${process.versions.node}; 20.19 or newer is needed to begin.`);
  process.exit(1);
}
if (!Object.hasOwn(ENTRIES, command)) {
  console.error(`kombify: give one of ${Object.keys(ENTRIES).join(", ")}.`);
  process.exit(1);
}
await install();
process.exit(await run(findNode(), [join(ROOT, ENTRIES[command]), ...args], { ipc: command === "start" }));
