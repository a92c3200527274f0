/** `POST /api/internal/feature-flags/apply`: flags that the control plane sends by itself. */
import { FLAGS_BODY_LIMIT, olderFlagsSchema, ServiceError } from "@kombify/agent-contract";
import { type BodyLimit, readJson, type ShellEnv } from "@kombify/server";
import type { Context } from "hono";
import { z } from "zod";
import type { SharedStore } from "../engine/shared-store.ts";
import { FlagsRefused } from "./checks.ts";
import { refusalProblem } from "./decide.ts";
import type { HostFlags } from "./host-flags.ts";

export const APPLY_PATH = "/api/internal/feature-flags/apply";

/** Rules are nested, and stand some levels deep in the document themselves. */
export const APPLY_LIMIT: BodyLimit = { maxBytes: FLAGS_BODY_LIMIT, maxDepth: 80 };

const bodySchema = z.record(z.string(), z.unknown());

/** Whose flags an older body holds is said beside it. */
async function tenantOf(shared: SharedStore, idOrSlug: string | undefined): Promise<string> {
  if (!idOrSlug) throw new ServiceError("INVALID", "X-Tenant-ID is missing: send the tenant's id or slug.");
  const tenant = await shared.findTenant(idOrSlug);
  if (!tenant) throw new ServiceError("NOT_FOUND", "There is no such tenant here.");
  return tenant.id;
}

/** Answers 200 only for what is stored. */
export async function handleApply(c: Context<ShellEnv>, flags: HostFlags, shared: SharedStore): Promise<Response> {
  const body = await readJson(c, bodySchema);
  try {
    // A document's flags have names, an older body's are a list.
    if (Array.isArray(body.flags)) {
      const older = await readJson(c, olderFlagsSchema);
      return c.json(await flags.takeOlder(await tenantOf(shared, c.req.header("x-tenant-id")), older));
    }
    return c.json(await flags.takeDocument(body));
  } catch (error) {
    if (!(error instanceof FlagsRefused)) throw error;
    const problem = refusalProblem(error, c.get("requestId"));
    return new Response(JSON.stringify(problem), {
      status: error.status,
      headers: { "content-type": "application/problem+json" },
    });
  }
}
