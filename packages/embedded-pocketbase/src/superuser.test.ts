import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { programIn } from "./program.ts";
import { prepareSuperuser } from "./superuser.ts";

test("a password that begins with a hyphen is a password and no option, which one in 64 does", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kombify-superuser-"));
  const executable = join(folder, "pocketbase");
  await writeFile(executable, `#!/bin/sh\nprintf '%s\\n' "$@" > '${folder}/arguments'\n`);
  await chmod(executable, 0o755);
  const { email, password } = await prepareSuperuser(programIn(executable, folder));
  const given = (await readFile(join(folder, "arguments"), "utf8")).trim().split("\n");
  expect(given.slice(-3)).toEqual(["--", email, password]);
  await rm(folder, { recursive: true });
});
