import { Writable } from "node:stream";
import { ServiceError } from "@kombify/agent-contract";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { readJson } from "./bodies.ts";
import { eventStream } from "./event-stream.ts";
import { type Listener, listen } from "./listen.ts";
import { createLogger } from "./logger.ts";
import { createShell, type Shell, type ShellOptions } from "./shell.ts";

const listeners: Listener[] = [];
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

function captureLog() {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { lines, log: createLogger({ name: "test", level: "debug" }, stream) };
}

async function serve(options: Partial<ShellOptions>, routes: (shell: Shell) => void = () => {}) {
  const { lines, log } = captureLog();
  const shell = createShell({ name: "test", version: "1.2.3", log, checks: {}, exposeMetrics: true, ...options });
  routes(shell);
  const listener = await listen({ fetch: shell.app.fetch, port: 0, closeTimeoutMs: 500 });
  listeners.push(listener);
  return { url: listener.url, shell, listener, lines };
}

/** What a test reads of an answer, without a type for each shape. */
const jsonOf = (answer: Response): Promise<Record<string, unknown> & { checks: Record<string, unknown> }> =>
  answer.json() as ReturnType<typeof jsonOf>;

const postJson = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });

test("/health answers with version and uptime", async () => {
  const { url } = await serve({});
  const answer = await fetch(`${url}/health`);
  expect(answer.status).toBe(200);
  expect(await jsonOf(answer)).toEqual({ status: "ok", version: "1.2.3", uptimeSeconds: expect.any(Number) });
});

test("/ready answers in time though a check hangs, and does not start the hanging check again", async () => {
  let started = 0;
  const hang = () => {
    started++;
    return new Promise<undefined>(() => {});
  };
  const { url } = await serve({ checks: { slow: hang, database: async () => "18.4" } });
  const startedAt = performance.now();
  const answer = await fetch(`${url}/ready`);
  // The limit is a second; the other is for a machine that is busy with everything else.
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(answer.status).toBe(503);
  const body = await jsonOf(answer);
  expect(body.checks.slow).toMatchObject({ status: "failed" });
  expect(body.checks.database).toMatchObject({ status: "ok", detail: "18.4" });
  await fetch(`${url}/ready`);
  expect(started).toBe(1);
});

test("a failed check shows its code and keeps its text in the log", async () => {
  const failure = Object.assign(new Error("password=hunter2 refused"), { code: "ECONNREFUSED" });
  const { url, lines } = await serve({ checks: { database: () => Promise.reject(failure) } });
  const body = await (await fetch(`${url}/ready`)).text();
  expect(body).toContain("ECONNREFUSED");
  expect(body).not.toContain("hunter2");
  expect(lines.join("")).toContain("refused");
});

test("every answer carries a request id; a client's own is kept only when it is well formed", async () => {
  const { url } = await serve({});
  const own = await fetch(`${url}/nowhere`, { headers: { "x-request-id": "abcdef12-3456" } });
  expect(own.headers.get("x-request-id")).toBe("abcdef12-3456");
  expect((await jsonOf(own)).requestId).toBe("abcdef12-3456");
  const bad = await fetch(`${url}/nowhere`, { headers: { "x-request-id": "no spaces allowed" } });
  expect(bad.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

test("a path with a token stands in the log without it", async () => {
  const { url, lines } = await serve(
    { redactPath: (path) => path.replace(/^\/invitations\/.+/, "/invitations/:token") },
    ({ app }) => app.get("/invitations/:token", (c) => c.text("welcome")),
  );
  await (await fetch(`${url}/invitations/s3cret`)).text();
  expect(lines.join("")).toContain('"path":"/invitations/:token"');
  expect(lines.join("")).not.toContain("s3cret");
});

test("a page gets a policy with the nonce that its handler saw, and no unsafe-inline for scripts", async () => {
  const { url } = await serve({ formAction: () => ["https://stack.example"] }, ({ app }) => {
    app.get("/", (c) => c.html(c.get("nonce")));
  });
  const page = await fetch(url);
  const csp = page.headers.get("content-security-policy") ?? "";
  expect(csp).toContain(`script-src 'self' 'nonce-${await page.text()}';`);
  expect(csp.match(/unsafe-inline/g)).toHaveLength(1);
  expect(csp).toContain("style-src-attr 'unsafe-inline'");
  expect(csp).toContain("frame-ancestors 'none'");
  expect(csp).toContain("form-action 'self' https://stack.example");
});

test("headers reach a response that was passed on from another server", async () => {
  const { url } = await serve({}, ({ app }) => {
    app.get("/passed", (c) => fetch(`${new URL(c.req.url).origin}/health`));
  });
  const answer = await fetch(`${url}/passed`);
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect((await jsonOf(answer)).status).toBe("ok");
});

test("an unexpected error is logged and its text never leaves the process", async () => {
  const { url, lines } = await serve({}, ({ app }) => {
    app.get("/broken", () => {
      throw new Error("select * from secrets");
    });
  });
  const answer = await fetch(`${url}/broken`);
  expect(answer.status).toBe(500);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  const text = await answer.text();
  expect(text).not.toContain("secrets");
  expect(text).toContain(answer.headers.get("x-request-id"));
  expect(lines.join("")).toContain("select * from secrets");
});

test("a service error becomes its problem document, with Retry-After", async () => {
  const { url } = await serve({}, ({ app }) => {
    app.get("/limit", () => {
      throw new ServiceError("LIMIT_REACHED", "Too many tries.", { retryAfterSeconds: 7.2 });
    });
  });
  const answer = await fetch(`${url}/limit`);
  expect(answer.status).toBe(429);
  expect(answer.headers.get("retry-after")).toBe("8");
  expect(await jsonOf(answer)).toMatchObject({ code: "LIMIT_REACHED", detail: "Too many tries.", status: 429 });
});

const echoRoutes = ({ app }: Shell) => {
  const schema = z.strictObject({ name: z.string().min(2, "Use at least 2 letters."), deep: z.unknown().optional() });
  app.post("/read", async (c) => c.json(await readJson(c, schema)));
  app.post("/raw", async (c) => c.text(await c.req.raw.text()));
};

test("a body that is too large is refused with 413, whether its length is declared or streamed", async () => {
  const { url } = await serve({ bodyLimit: (path) => (path === "/raw" ? { maxBytes: 64 } : undefined) }, echoRoutes);
  expect((await postJson(`${url}/read`, `{"name":"${"x".repeat(1024 * 1024)}"}`)).status).toBe(413);
  const stream = new Blob(["x".repeat(100)]).stream();
  const init = { method: "POST", body: stream, duplex: "half" } as RequestInit;
  const streamed = await fetch(`${url}/raw`, { ...init, headers: { "content-type": "text/plain" } });
  expect(streamed.status).toBe(413);
  expect(await streamed.json()).toMatchObject({ code: "INVALID", status: 413 });
});

test("a body nested too deeply is refused, brackets inside strings do not count", async () => {
  const { url } = await serve({}, echoRoutes);
  const deep = `{"name":"ab","deep":${"[".repeat(32)}${"]".repeat(32)}}`;
  expect((await postJson(`${url}/read`, deep)).status).toBe(400);
  const text = JSON.stringify({ name: `ab${"[".repeat(99)}"\\` });
  expect((await postJson(`${url}/read`, text)).status).toBe(200);
});

test("a checked body is still readable through the raw request", async () => {
  const { url } = await serve({}, echoRoutes);
  expect(await (await postJson(`${url}/raw`, '{"a":1}')).text()).toBe('{"a":1}');
});

test("each refused field is named with what would be right", async () => {
  const { url } = await serve({}, echoRoutes);
  const answer = await postJson(`${url}/read`, '{"name":"a","colour":"red"}');
  expect(answer.status).toBe(400);
  expect((await jsonOf(answer)).errors).toEqual([
    { path: "name", message: "Use at least 2 letters." },
    { path: "colour", message: "This field is not known here. Leave it out." },
  ]);
  expect((await postJson(`${url}/read`, "{")).status).toBe(400);
  expect((await postJson(`${url}/read`, "{}", { "content-type": "text/plain" })).status).toBe(415);
});

test("draining turns /ready to 503 and ends open event streams cleanly", async () => {
  const { url, shell, listener } = await serve({}, ({ app }) => {
    app.get("/events", (c) =>
      eventStream(c, async (send, signal) => {
        await send({ event: "hello", data: { a: 1 }, id: "7" });
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      }),
    );
    app.get("/foreign", () => {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode(": x\n\n")),
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    });
  });
  const [own, foreign] = await Promise.all([fetch(`${url}/events`), fetch(`${url}/foreign`)]);
  const texts = Promise.all([own.text(), foreign.text()]);
  await expect.poll(() => fetch(`${url}/ready`).then((answer) => answer.status)).toBe(200);
  shell.drain();
  const ready = await fetch(`${url}/ready`);
  expect(ready.status).toBe(503);
  expect((await jsonOf(ready)).status).toBe("stopping");
  expect(await texts).toEqual([': open\n\nevent: hello\nid: 7\ndata: {"a":1}\n\n', ": x\n\n"]);
  await listener.close();
});

test("a producer hears that its client went away", async () => {
  const heard = Promise.withResolvers<void>();
  const { url } = await serve({}, ({ app }) => {
    app.get("/events", (c) =>
      eventStream(c, async (_send, signal) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        heard.resolve();
      }),
    );
  });
  const client = new AbortController();
  const answer = await fetch(`${url}/events`, { signal: client.signal });
  await answer.body?.getReader().read();
  client.abort();
  await heard.promise;
});

test("metrics count requests by the pattern of their route", async () => {
  const { url } = await serve({}, ({ app }) => {
    app.get("/v1/stacks/:id", (c) => c.text(c.req.param("id")));
  });
  await fetch(`${url}/v1/stacks/42`);
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toContain(
    'http_request_duration_seconds_count{process="test",method="GET",route="/v1/stacks/:id",status="200"} 1',
  );
  expect(text).not.toContain("/v1/stacks/42");
});

test("secrets under the usual keys are redacted in the log", () => {
  const { lines, log } = captureLog();
  log.info({ password: "p1", headers: { authorization: "p2", "set-cookie": "p3" }, request: { token: "p4" } }, "x");
  expect(lines.join("")).not.toMatch(/p[1-4]/);
});
