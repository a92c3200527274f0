/**
 * What an operator can ask of a host. A running agent serves it on a socket in its home; a command that finds no agent
 * there opens the home itself and calls the same routes.
 */
import { engineSchema, ServiceError } from "@kombify/agent-contract";
import { createShell, readJson, type ShellEnv } from "@kombify/server";
import type { Hono } from "hono";
import { z } from "zod";
import { AGENT_VERSION } from "../version.ts";
import { exportTenant } from "./archive/export-tenant.ts";
import { type ImportProgress, importTenant } from "./archive/import-tenant.ts";
import { openSpool, type Spool } from "./archive/spool.ts";
import type { Host } from "./host.ts";
import { type MoveProgress, moveEngine } from "./move/move-engine.ts";
import { progressStream } from "./progress-stream.ts";

const importQuerySchema = z.object({
  tenant: z.string().optional(),
  as: z.string().optional(),
  replace: z.stringbool().default(false),
});
const moveSchema = z.strictObject({ from: engineSchema, to: engineSchema });

/** What the command tells of an export; the archive itself is the body. */
export type ExportSummary = { slug: string; counts: Record<string, number>; pausedMs: number };
export const SUMMARY_HEADER = "x-kombify-export";

/** The bytes of a spool, which is closed when they were read or nobody wants them any more. */
function bodyOf(spool: Spool): ReadableStream<Uint8Array> {
  const chunks = spool.read();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (!done) return controller.enqueue(value);
      controller.close();
      await spool.close();
    },
    cancel: () => spool.close(),
  });
}

async function takeUp(spool: Spool, body: ReadableStream<Uint8Array> | null): Promise<void> {
  if (!body) throw new ServiceError("INVALID", "Send the archive as the body.");
  for await (const chunk of body) await spool.write(chunk);
}

export function createControl(host: Host): Hono<ShellEnv> {
  const { app } = createShell({
    name: "control",
    version: AGENT_VERSION,
    log: host.log,
    checks: {},
    exposeMetrics: false,
    bodyLimit: (path) => (path === "/archives" ? { maxBytes: Number.POSITIVE_INFINITY } : undefined),
  });

  app.get("/tenants/:tenant/archive", async (c) => {
    const signal = AbortSignal.any([c.req.raw.signal, host.stopping]);
    const { header, manifest, archive, pausedMs } = await host.track(exportTenant(host, c.req.param("tenant"), signal));
    const counts = Object.fromEntries(Object.entries(manifest.sums).map(([part, { count }]) => [part, count]));
    const summary: ExportSummary = { slug: header.tenant.slug, counts, pausedMs };
    return new Response(bodyOf(archive), {
      headers: {
        "content-type": "application/x-ndjson",
        "content-length": String(archive.bytes()),
        "cache-control": "no-store",
        [SUMMARY_HEADER]: JSON.stringify(summary),
      },
    });
  });

  app.post("/archives", async (c) => {
    const options = importQuerySchema.parse(c.req.query());
    const spool = await openSpool(host.home);
    try {
      await takeUp(spool, c.req.raw.body);
    } catch (error) {
      await spool.close();
      throw error;
    }
    return progressStream<ImportProgress, unknown>(c, host, async (onProgress, signal) => {
      try {
        return await importTenant(host, spool, options, { onProgress, signal });
      } finally {
        await spool.close();
      }
    });
  });

  app.post("/engine/move", async (c) => {
    const wish = await readJson(c, moveSchema);
    return progressStream<MoveProgress, unknown>(c, host, (onProgress, signal) =>
      moveEngine(host, wish, { onProgress, signal }),
    );
  });
  return app;
}
