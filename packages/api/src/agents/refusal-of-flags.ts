import { problemSchema } from "@kombify/agent-contract";
import { z } from "zod";

/** What an agent's refusal says beyond a problem document. */
const refusalSchema = z.object({
  ...problemSchema.pick({ detail: true }).shape,
  currentRevision: z.number().int().optional(),
});

/** In words why a host did not take flags. @param body what it answered, if that was JSON. */
export function refusalOfFlags(status: number, body: unknown): string {
  const refusal = refusalSchema.safeParse(body);
  if (!refusal.success) return `The host did not take the flags: it answered ${status} without a reason.`;
  const { detail, currentRevision } = refusal.data;
  const kept = currentRevision === undefined ? "" : ` It keeps revision ${currentRevision}.`;
  return `The host did not take the flags and answered ${status}: ${detail}${kept}`;
}
