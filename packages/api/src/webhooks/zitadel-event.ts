/** An event as Zitadel's Actions v2 send it to a target: the envelope. */
import { ServiceError } from "@kombify/agent-contract";
import { z } from "zod";

const id = z.string().min(1).max(200);

/**
 * `event_payload` was base64 in older versions, is an object in newer ones, and is absent for some types; all are taken.
 * It is not kept: no type that we act on has one that matters, and others hold names, addresses and password hashes.
 */
const zitadelEventSchema = z.object({
  instanceID: id,
  aggregateType: id,
  aggregateID: id,
  resourceOwner: z.string().max(200).optional(),
  /** An unsigned 64-bit number, rising within an aggregate. */
  sequence: z
    .union([z.number().int().nonnegative(), z.string().regex(/^\d{1,20}$/)])
    .transform((sequence) => String(sequence)),
  event_type: z.string().min(1).max(100),
  created_at: z.string().max(40),
});
export type ZitadelEvent = z.output<typeof zitadelEventSchema>;

/** PostgreSQL's jsonb has no place for the character NUL. */
const withoutNul = (_key: string, value: unknown): unknown =>
  typeof value === "string" ? value.replaceAll("\0", "") : value;

/** @throws ServiceError INVALID */
export function parseZitadelEvent(body: Uint8Array): ZitadelEvent {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(body).toString("utf8"), withoutNul);
  } catch (cause) {
    throw new ServiceError("INVALID", "The event is not valid JSON.", { cause });
  }
  const event = zitadelEventSchema.safeParse(json);
  if (event.success) return event.data;
  const [issue] = event.error.issues;
  throw new ServiceError("INVALID", `The event's ${issue?.path.join(".") || "body"} is not as Zitadel sends it.`);
}

/** What makes a second delivery the same event. */
export const dedupeKeyOf = (event: ZitadelEvent): string =>
  JSON.stringify([event.instanceID, event.aggregateType, event.aggregateID, event.sequence]);
