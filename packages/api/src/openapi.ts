/** The OpenAPI document of what one portal serves, from the same metadata that routes the requests. */
import { problemSchema } from "@kombify/agent-contract";
import { z } from "zod";
import { createDocument, type ZodOpenApiPathsObject } from "zod-openapi";
import type { Audience } from "./context.ts";
import { OFREP_PATHS } from "./flags/openapi.ts";
import { TOKEN_SCOPES, tokenScopeOf } from "./permissions.ts";
import { proceduresOf, REST_ROUTES } from "./rest.ts";
import type { ProcedureMeta } from "./trpc.ts";
import { ZITADEL_WEBHOOK_PATH } from "./webhooks/receive.ts";

interface Parsers {
  _def: { inputs: z.ZodType[]; output: z.ZodType };
}

const BEARER = {
  type: "http",
  scheme: "bearer",
  description: `A personal access token (kpat_...) with the scope that the operation names (${TOKEN_SCOPES.join(", ")}), or an access token of a configured identity provider.`,
} as const;

const API_KEY = {
  type: "apiKey",
  in: "header",
  name: "X-API-Key",
  description: "The same token, for clients of OFREP that send it so.",
} as const;

/** Documents, by audience; made once. */
const documents = new Map<string, unknown>();

// Dates leave as RFC 3339 text, which is all that JSON has for them.
const asJson = {
  override: ({ jsonSchema, zodSchema }: { jsonSchema: Record<string, unknown>; zodSchema: unknown }) => {
    if (zodSchema instanceof z.ZodDate) Object.assign(jsonSchema, { type: "string", format: "date-time" });
  },
};

/** The session's cookie, or a token with the scope where a token is taken (OpenAPI 3.1 lets a scheme of any kind name what it needs). */
function securityOf(meta: ProcedureMeta): Record<string, string[]>[] {
  if (meta.permission?.kind === "public") return [];
  const scope = tokenScopeOf(meta);
  return scope === undefined ? [{ session: [] }] : [{ session: [] }, { bearer: [scope] }];
}

function pathsOf(audience: Audience): ZodOpenApiPathsObject {
  const paths: ZodOpenApiPathsObject = {};
  const problem = {
    description: "What was wrong and what would be right (RFC 9457)",
    content: { "application/problem+json": { schema: problemSchema } },
  };
  for (const route of REST_ROUTES.filter((one) => one.audiences.includes(audience))) {
    const definition = (proceduresOf() as unknown as Record<string, Parsers>)[route.procedure]?._def;
    const meta = proceduresOf()[route.procedure]?._def.meta;
    if (!definition || !meta?.openapi) continue;
    const input = definition.inputs.find((one) => one instanceof z.ZodObject);
    const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
    const shape = input?.shape ?? {};
    const pathShape = Object.fromEntries(Object.entries(shape).filter(([name]) => inPath.includes(name)));
    const restShape = Object.fromEntries(Object.entries(shape).filter(([name]) => !inPath.includes(name)));
    const hasBody = route.method !== "GET" && route.method !== "DELETE" && Object.keys(restShape).length > 0;
    const operation = {
      operationId: route.procedure,
      summary: meta.openapi.summary ?? route.procedure,
      tags: meta.openapi.tags ?? [],
      security: securityOf(meta),
      requestParams: {
        ...(inPath.length > 0 ? { path: z.object(pathShape as z.ZodRawShape) } : {}),
        ...(!hasBody && Object.keys(restShape).length > 0 ? { query: z.object(restShape as z.ZodRawShape) } : {}),
      },
      ...(hasBody
        ? {
            requestBody: {
              required: true,
              content: { "application/json": { schema: z.object(restShape as z.ZodRawShape) } },
            },
          }
        : {}),
      responses: {
        [String(route.successStatus)]: {
          description: "Done",
          content: { "application/json": { schema: definition.output } },
        },
        default: problem,
      },
    };
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation };
  }
  return paths;
}

/** Beside the procedures: what other systems send is signed over its bytes (webhooks/receive.ts). */
const WEBHOOK_PATHS: ZodOpenApiPathsObject = {
  [ZITADEL_WEBHOOK_PATH]: {
    post: {
      operationId: "webhooks.receiveZitadel",
      summary: "An event of Zitadel, with its signature in ZITADEL-Signature",
      tags: ["webhooks"],
      security: [],
      requestParams: { header: z.object({ "zitadel-signature": z.string() }) },
      requestBody: { required: true, content: { "application/json": { schema: z.looseObject({}) } } },
      responses: {
        200: {
          description: "Stored",
          content: { "application/json": { schema: z.object({ received: z.literal(true), isNew: z.boolean() }) } },
        },
        default: {
          description: "What was wrong and what would be right (RFC 9457)",
          content: { "application/problem+json": { schema: problemSchema } },
        },
      },
    },
  },
};

/** OpenAPI 3.1. @param origin where this portal is reached. */
export function openapiDocument(audience: Audience, origin: string): unknown {
  const known = documents.get(audience);
  if (known) return known;
  const document = createDocument(
    {
      openapi: "3.1.0",
      info: { title: audience === "cloud" ? "kombify Cloud" : "kombify Admin", version: "0.1.0" },
      servers: [{ url: origin }],
      components: {
        securitySchemes: {
          session: { type: "apiKey", in: "cookie", name: `kombify_${audience}` },
          ...(audience === "cloud" ? { bearer: BEARER, apiKey: API_KEY } : {}),
        },
      },
      paths: { ...pathsOf(audience), ...(audience === "cloud" ? { ...OFREP_PATHS, ...WEBHOOK_PATHS } : {}) },
    },
    asJson,
  );
  documents.set(audience, document);
  return document;
}
