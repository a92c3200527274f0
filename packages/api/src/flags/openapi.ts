/** Remote evaluation in the OpenAPI document of Cloud, without its stream, which answers announce. Its own document is open-feature/protocol's service/openapi.yaml. */
import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";

const jsonOf = (schema: z.ZodType) => ({ content: { "application/json": { schema } } });
const contextSchema = z.object({
  context: z.looseObject({ targetingKey: z.string().optional(), userId: z.string().optional() }).optional(),
});
const metadataSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const evaluationSchema = z.object({
  key: z.string(),
  value: z.unknown().optional(),
  reason: z.string(),
  variant: z.string().optional(),
  metadata: metadataSchema,
});
const refusalSchema = z.object({
  key: z.string().optional(),
  errorCode: z.string(),
  errorDetails: z.string(),
  metadata: metadataSchema.optional(),
});
const eventStreamSchema = z.object({ type: z.literal("sse"), endpoint: z.object({ requestUri: z.string() }) });
const bulkSchema = z.object({
  flags: z.array(z.union([evaluationSchema, refusalSchema])),
  metadata: metadataSchema,
  eventStreams: z.array(eventStreamSchema),
});

const security: Record<string, string[]>[] = [{ session: [] }, { bearer: ["portal:read"] }, { apiKey: [] }];
const tags = ["flags"];
const responses = (description: string, schema: z.ZodType) => ({
  200: { description, ...jsonOf(schema) },
  default: { description: "Why there is no value (Retry-After says when to come back)", ...jsonOf(refusalSchema) },
});
const requestBody = jsonOf(contextSchema);

export const OFREP_PATHS: ZodOpenApiPathsObject = {
  "/ofrep/v1/evaluate/flags": {
    post: {
      operationId: "ofrep.evaluateFlags",
      summary: "Every flag for one's homelab and a context (OFREP); 304 for whoever has it",
      tags,
      security,
      requestParams: { header: z.object({ "If-None-Match": z.string().optional() }) },
      requestBody,
      responses: {
        ...responses("Every flag", bulkSchema),
        304: { description: "As it was" },
      },
    },
  },
  "/ofrep/v1/evaluate/flags/{key}": {
    post: {
      operationId: "ofrep.evaluateFlag",
      summary: "One flag (OFREP)",
      tags,
      security,
      requestParams: { path: z.object({ key: z.string() }) },
      requestBody,
      responses: responses("The flag", evaluationSchema),
    },
  },
};
