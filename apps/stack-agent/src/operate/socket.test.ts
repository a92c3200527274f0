import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Agent, fetch } from "undici";
import { expect, onTestFinished, test } from "vitest";
import { listenForCommands, socketOf } from "./socket.ts";

async function newHome(...folders: string[]): Promise<string> {
  const top = await mkdtemp(join(tmpdir(), "kombify-socket-"));
  const home = join(top, ...folders);
  onTestFinished(() => rm(top, { recursive: true, force: true }));
  onTestFinished(() => rm(dirname(socketOf(home)), { recursive: true, force: true }));
  return home;
}
async function ask(home: string): Promise<string> {
  const dispatcher = new Agent({ connect: { socketPath: socketOf(home) } });
  try {
    return await (await fetch("http://agent/", { dispatcher })).text();
  } finally {
    await dispatcher.destroy();
  }
}

for (const [what, folders] of [
  ["short", ["home"]],
  ["longer than any address of a socket", ["home".repeat(20), "home".repeat(20)]],
] as const)
  test(`a home whose path is ${what} has a socket in a folder that nobody else can enter`, async () => {
    const home = await newHome(...folders);
    const listener = await listenForCommands(home, () => new Response("here"));
    onTestFinished(() => listener.close());
    expect(Buffer.byteLength(socketOf(home))).toBeLessThanOrEqual(100);
    expect((await stat(dirname(socketOf(home)))).mode & 0o777).toBe(0o700);
    expect(await ask(home)).toBe("here");
  });

test("a socket that a killed agent left is taken over, a folder that is open to others is not", async () => {
  const home = await newHome("home");
  const first = await listenForCommands(home, () => new Response("first"));
  await first.close();
  await writeFile(socketOf(home), "left behind");
  const second = await listenForCommands(home, () => new Response("second"));
  onTestFinished(() => second.close());
  expect(await ask(home)).toBe("second");
  await chmod(dirname(socketOf(home)), 0o755);
  await expect(listenForCommands(home, () => new Response(""))).rejects.toMatchObject({ code: "FORBIDDEN" });
});
