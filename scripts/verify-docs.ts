/** Fails when a document names a file, a folder or a command that does not exist. */
import { execFile } from "node:child_process";
import { access, readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TOP_DOCUMENTS = ["README.md", "ARCHITECTURE.md", "AGENTS.md"];
/** Folders at the top of the repository: a code span that begins with one is taken for a path. */
const PATH_SPAN = /`((?:apps|packages|scripts|e2e|bench|docs|infra|\.ci)\/[\w@./-]+)`/g;
const LINK = /\]\(([^)#:\s]+)(?:#[^)]*)?\)/g;
const COMMAND = /\b(?:npm run|pnpm(?: run)?)\s+([a-z][\w:-]*)/g;
/** Commands of the package manager itself. */
const BUILT_IN = new Set(["install", "add", "exec", "dlx", "run", "test", "start", "workspace", "workspaces"]);

async function documents(): Promise<string[]> {
  const inDocs = await readdir(join(ROOT, "docs"), { recursive: true }).catch(() => []);
  const { stdout } = await promisify(execFile)("git", ["ls-files", ...TOP_DOCUMENTS], { cwd: ROOT });
  return [
    ...stdout.split("\n").filter(Boolean),
    ...inDocs.filter((file) => file.endsWith(".md")).map((file) => join("docs", file)),
  ];
}

const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? "");

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function complaintsAbout(file: string, scripts: ReadonlySet<string>): Promise<string[]> {
  const text = await readFile(join(ROOT, file), "utf8");
  const complaints: string[] = [];
  for (const path of matches(text, PATH_SPAN))
    if (!(await exists(join(ROOT, path)))) complaints.push(`${file}: there is no ${path}`);
  for (const link of matches(text, LINK))
    if (!(await exists(resolve(ROOT, dirname(file), link))))
      complaints.push(`${file}: the link to ${link} leads nowhere`);
  for (const command of matches(text, COMMAND))
    if (!BUILT_IN.has(command) && !scripts.has(command)) complaints.push(`${file}: there is no script "${command}"`);
  return complaints;
}

const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
const files = await documents();
const complaints = await Promise.all(files.map((file) => complaintsAbout(file, new Set(Object.keys(scripts)))));
for (const complaint of complaints.flat()) process.stderr.write(`${complaint}\n`);
if (complaints.flat().length > 0) process.exitCode = 1;
