/**
 * What older control planes send: a flag is on or off. It is kept beside the documents and answers only for keys that the
 * tenant's document does not have, so that a control plane can be brought up to date flag by flag (ADR 0031).
 */
import {
  type CompiledFlag,
  type CompiledFlags,
  flagKeySchema,
  type OlderFlags,
  ServiceError,
} from "@kombify/agent-contract";
import { createFlagSet, digestOfFlags, type FlagSet } from "@kombify/flags";
import { z } from "zod";

const MAX_FLAGS = 5_000;

const layerSchema = z.record(
  flagKeySchema,
  z.strictObject({ enabled: z.boolean(), reason: z.string().max(500).optional() }),
);
type Layer = z.output<typeof layerSchema>;

export type OlderLayer = { flagSet: FlagSet; digest: string; text: string | null; layer: Layer };

const compiled = ({ enabled, reason }: Layer[string]): CompiledFlag => ({
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: enabled ? "on" : "off",
  metadata: { decidedBy: "older", ...(reason ? { reason } : {}) },
});

function layerOf(layer: Layer): OlderLayer {
  const flags: CompiledFlags = Object.fromEntries(Object.entries(layer).map(([key, flag]) => [key, compiled(flag)]));
  const text = Object.keys(layer).length > 0 ? JSON.stringify(layer) : null;
  return { flagSet: createFlagSet(flags), digest: digestOfFlags(flags), text, layer };
}

export const NO_OLDER: OlderLayer = layerOf({});

/** @throws Error when the text is not what was kept. */
export const readOlder = (text: string | null): OlderLayer =>
  text === null ? NO_OLDER : layerOf(layerSchema.parse(JSON.parse(text)));

/**
 * The layer after such a body: replaced with `full`, else only what is named changes.
 * @throws ServiceError INVALID when that would be more than 5,000 flags.
 */
export function mergeOlder({ layer }: OlderLayer, { flags, full = false }: OlderFlags): OlderLayer {
  const named = Object.fromEntries(
    flags.map(({ key, enabled, reason }) => [key, { enabled, ...(reason === undefined ? {} : { reason }) }]),
  );
  const merged = full ? named : { ...layer, ...named };
  if (Object.keys(merged).length > MAX_FLAGS)
    throw new ServiceError(
      "INVALID",
      `A tenant may have ${MAX_FLAGS} flags. Send all that are left with "full": true.`,
    );
  return layerOf(merged);
}
