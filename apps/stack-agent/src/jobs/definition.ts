/** What makes the definition of a stack right or wrong. */
import { createNodeSchema, ServiceError } from "@kombify/agent-contract";
import { z } from "zod";
import type { StackRecord } from "../engine/records.ts";

const SERVICE_PATTERN = /^[a-z0-9][a-z0-9-]{0,58}[a-z0-9]$/;

const definitionSchema = z.object({
  services: z
    .array(
      z.string().regex(SERVICE_PATTERN, {
        error: ({ input }) =>
          `"${input}" is not a service: use lower-case letters, digits and hyphens, such as home-assistant.`,
      }),
    )
    .refine((services) => new Set(services).size === services.length, "Name each service once."),
  config: z.looseObject({
    domain: z.hostname("Use a host name such as home.example.").optional(),
    nodes: z
      .array(createNodeSchema.omit({ stackId: true }))
      .max(100, "Use at most 100 nodes.")
      .refine(
        (nodes) => new Set(nodes.map(({ name }) => name.toLowerCase())).size === nodes.length,
        "Name each node once.",
      )
      .default([]),
  }),
});

/** A node that the definition itself names. */
export type DefinedNode = z.output<typeof definitionSchema>["config"]["nodes"][number];

/**
 * Checks the definition of a stack.
 * @returns the nodes that it names.
 * @throws ServiceError INVALID with one entry per fault.
 */
export function checkDefinition({ services, config }: Pick<StackRecord, "services" | "config">): DefinedNode[] {
  const result = definitionSchema.safeParse({ services, config });
  if (result.success) return result.data.config.nodes;
  const fields = result.error.issues.map(({ path, message }) => ({ path: path.map(String).join("."), message }));
  throw new ServiceError("INVALID", `The definition is not right. ${fields.map(({ message }) => message).join(" ")}`, {
    fields,
  });
}
