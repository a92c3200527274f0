/**
 * The archive of a tenant (ADR 0013): one JSON text a line. First the header, then every record in the order in which it
 * can be written, then every file in pieces, and last the manifest with what all of it must add up to.
 */
import { COLLECTIONS, engineSchema } from "@kombify/agent-contract";
import { z } from "zod";

const FORMAT = "kombify-tenant-archive";
/** Raised by a change that agents before it would misread. */
export const FORMAT_VERSION = 1;
/** No record and no piece of a file is longer. Longer lines are refused before they fill the memory. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** A file is held whole for a moment on its way. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;
/** Bytes of a file in one line, before base64. Divisible by three: pieces can be joined without padding in between. */
export const PIECE_BYTES = 192 * 1024;

export const headerSchema = z.strictObject({
  format: z.literal(FORMAT),
  formatVersion: z.number().int().min(1),
  tenant: z.strictObject({ id: z.uuid(), slug: z.string(), name: z.string(), orgId: z.string() }),
  /** Where the records were; either engine can take them. */
  engine: engineSchema,
  namespaceVersion: z.number().int().min(1),
  /** RFC 3339 UTC. */
  createdAt: z.iso.datetime(),
  agentVersion: z.string(),
  instanceId: z.string(),
});
export type ArchiveHeader = z.infer<typeof headerSchema>;

export const newHeader = (facts: Omit<ArchiveHeader, "format" | "formatVersion" | "createdAt">): ArchiveHeader => ({
  format: FORMAT,
  formatVersion: FORMAT_VERSION,
  createdAt: new Date().toISOString(),
  ...facts,
});

/** Enough to say whose archive it is and that it is too new, whatever else a newer format has. */
export const anyHeaderSchema = z.looseObject({ format: z.literal(FORMAT), formatVersion: z.number().int().min(1) });

const collection = z.enum(COLLECTIONS);
const json = z.record(z.string(), z.unknown());
export const recordLineSchema = z.strictObject({ collection, id: z.string(), fields: json, extra: json });
export const fileLineSchema = z.strictObject({
  file: z.strictObject({
    collection,
    recordId: z.string(),
    field: z.string().min(1),
    name: z.string().min(1),
    size: z.number().int().min(0).max(MAX_FILE_BYTES),
  }),
});
/** The next bytes of the file before it, in base64. */
export const pieceLineSchema = z.strictObject({ piece: z.base64() });

const sumSchema = z.strictObject({ count: z.number().int().min(0), digest: z.hex().length(64) });
export const manifestLineSchema = z.strictObject({
  manifest: z.strictObject({
    sums: z.strictObject({
      users: sumSchema,
      stacks: sumSchema,
      nodes: sumSchema,
      jobs: sumSchema,
      files: sumSchema,
    }),
    /** SHA-256, hex, of all bytes before this line. */
    sha256: z.hex().length(64),
  }),
});
export type Manifest = z.infer<typeof manifestLineSchema>["manifest"];
