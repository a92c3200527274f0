import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

const SERVER = `
  import { createLogger, createShell, eventStream, listen, runProcess } from "@kombify/server";
  const log = createLogger({ name: "child", level: "silent" });
  runProcess({ name: "child", log, drainMs: 400 }, async (onStop) => {
    onStop(async () => process.stdout.write("stopped first part\\n"));
    const { app } = createShell({ name: "child", version: "1", log, checks: {}, exposeMetrics: false });
    app.get("/slow", async (c) => { await new Promise((r) => setTimeout(r, 900)); return c.text("done"); });
    app.get("/events", (c) => eventStream(c, (_send, signal) => new Promise((r) => signal.addEventListener("abort", r))));
    app.get("/fail", () => { setImmediate(() => { throw new Error("lost"); }); return new Response(); });
    const listener = await listen({ fetch: app.fetch, port: 0 });
    onStop(async () => { await listener.close(); process.stdout.write("closed\\n"); });
    process.stdout.write(listener.url + "\\n");
  });
`;

async function startChild(code = SERVER) {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  children.push(child);
  let output = "";
  child.stdout?.on("data", (chunk) => {
    output += String(chunk);
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  await Promise.race([expect.poll(() => output, { timeout: 10_000 }).toContain("\n"), exited]);
  return { child, url: output.split("\n")[0] ?? "", output: () => output, exited };
}

test("SIGTERM: readiness is 503 first, the request in flight is answered, event streams end, exit 0", async () => {
  const { child, url, output, exited } = await startChild();
  const slow = fetch(`${url}/slow`).then((answer) => answer.text());
  const events = await fetch(`${url}/events`);
  child.kill("SIGTERM");
  await expect.poll(() => fetch(`${url}/ready`).then((answer) => answer.status), { interval: 20 }).toBe(503);
  expect(await events.text()).toContain(": open");
  expect(await slow).toBe("done");
  expect((await exited)[0]).toBe(0);
  expect(output().split("\n").slice(1)).toEqual(["closed", "stopped first part", ""]);
});

test("a second signal exits with 1 at once", async () => {
  const { child, url, exited } = await startChild();
  fetch(`${url}/slow`).catch(() => "cut, as it should be");
  child.kill("SIGTERM");
  await expect.poll(() => fetch(`${url}/ready`).then((answer) => answer.status), { interval: 20 }).toBe(503);
  child.kill("SIGINT");
  expect((await exited)[0]).toBe(1);
});

test("a process whose supervisor is gone stops by itself", async () => {
  const { child, exited } = await startChild();
  child.disconnect();
  expect((await exited)[0]).toBe(0);
});

test("an error that nobody caught ends the process with 1", async () => {
  const { url, exited } = await startChild();
  await fetch(`${url}/fail`).catch(() => "the process died before it answered");
  expect((await exited)[0]).toBe(1);
});
