/**
 * REST: the same procedures under the paths that their metadata names. Which portal serves a path follows from who may
 * call the procedure. Answers are JSON, errors are problem documents.
 */
import { ServiceError } from "@kombify/agent-contract";
import { z } from "zod";
import type { Audience, BaseContext } from "./context.ts";
import { toJson } from "./ready-json.ts";
import { appRouter, createCaller } from "./router.ts";
import { type ProcedureMeta, serviceErrorOf } from "./trpc.ts";

/** Portals serve people; agents and our own services are served where certificates are asked for. */
type RestAudience = Audience | "agent" | "service";

export interface RestRoute {
  /** `tenants.get` */
  procedure: string;
  method: string;
  path: string;
  audiences: readonly RestAudience[];
  successStatus: number;
  isConditional: boolean;
  pattern: RegExp;
}

interface ProcedureDefinition {
  meta?: ProcedureMeta;
  type: "query" | "mutation" | "subscription";
}

/** Every procedure of the router with its metadata, by dotted name. */
export const proceduresOf = (): Record<string, { _def: ProcedureDefinition }> =>
  appRouter._def.procedures as unknown as Record<string, { _def: ProcedureDefinition }>;

function audiencesOf(name: string, meta: ProcedureMeta): RestRoute["audiences"] {
  if (meta.permission?.kind === "agent" || name === "agents.join") return ["agent"];
  if (meta.permission?.kind === "service") return ["service"];
  if (meta.permission?.kind === "staff" || name.startsWith("identity.staff")) return ["admin"];
  return ["cloud"];
}

export const REST_ROUTES: readonly RestRoute[] = Object.entries(proceduresOf()).flatMap(([procedure, { _def }]) => {
  const openapi = _def.meta?.openapi;
  if (!_def.meta || !openapi) return [];
  const pattern = new RegExp(`^${openapi.path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)")}/?$`);
  return [
    {
      procedure,
      method: openapi.method,
      path: openapi.path,
      audiences: audiencesOf(procedure, _def.meta),
      successStatus: _def.meta.successStatus ?? 200,
      isConditional: _def.meta.isConditional === true,
      pattern,
    },
  ];
});

function pathParameters(route: RestRoute, pathname: string): Record<string, string> {
  try {
    const groups = Object.entries(route.pattern.exec(pathname)?.groups ?? {});
    return Object.fromEntries(groups.map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch (cause) {
    throw new ServiceError("INVALID", "The path is not encoded as a URL has to be (RFC 3986, 2.1).", { cause });
  }
}

async function inputOf(request: Request, url: URL, path: Record<string, string>): Promise<unknown> {
  if (request.method === "GET" || request.method === "DELETE") {
    const input = { ...Object.fromEntries(url.searchParams), ...path };
    return Object.keys(input).length > 0 ? input : undefined;
  }
  const text = await request.text();
  if (text === "") return Object.keys(path).length > 0 ? path : undefined;
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("application/json"))
    throw new ServiceError("INVALID", "Send the body as application/json.", { status: 415 });
  const body: unknown = await new Promise((resolve) => resolve(JSON.parse(text))).catch((cause: unknown) => {
    throw new ServiceError("INVALID", "The body is not valid JSON.", { cause });
  });
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new ServiceError("INVALID", "The body must be a JSON object.");
  return { ...body, ...path };
}

async function call(ctx: BaseContext, procedure: string, input: unknown): Promise<unknown> {
  const [noun, verb] = procedure.split(".") as [string, string];
  const caller = createCaller(ctx) as unknown as Record<string, Record<string, (input: unknown) => Promise<unknown>>>;
  // Verbs that take nothing say so with z.void(); a client may still send an empty object.
  return caller[noun]?.[verb]?.(takesNothing(procedure) ? undefined : (input ?? {}));
}

const takesNothing = (procedure: string): boolean => {
  const [input] =
    (appRouter._def.procedures as unknown as Record<string, { _def: { inputs: unknown[] } }>)[procedure]?._def.inputs ??
    [];
  return input === undefined || input instanceof z.ZodVoid;
};

/**
 * Answers a REST request, or null when no route of this audience has the path.
 * @throws ServiceError, which the HTTP shell turns into a problem document.
 */
export async function handleRest(
  request: Request,
  audience: RestAudience,
  contextOf: () => BaseContext,
): Promise<Response | null> {
  const url = new URL(request.url);
  const candidates = REST_ROUTES.filter(
    (route) => route.audiences.includes(audience) && route.pattern.test(url.pathname),
  );
  if (candidates.length === 0) return null;
  const route = candidates.find((candidate) => candidate.method === request.method);
  if (!route) {
    const allowed = candidates.map((candidate) => candidate.method).join(", ");
    throw new ServiceError("INVALID", `This path takes ${allowed}.`, { status: 405 });
  }
  const ctx = contextOf();
  try {
    const result = await call(ctx, route.procedure, await inputOf(request, url, pathParameters(route, url.pathname)));
    if (route.isConditional && result === null) return new Response(null, { status: 304 });
    const headers = new Headers(ctx.responseHeaders);
    headers.set("Content-Type", "application/json");
    headers.set("Cache-Control", "no-store");
    return new Response(toJson(result), { status: route.successStatus, headers });
  } catch (error) {
    throw serviceErrorOf(error);
  }
}
