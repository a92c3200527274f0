/** What names a document: the SHA-256 of its canonical form (JSON Canonicalization Scheme, RFC 8785). */
import { createHash } from "node:crypto";
import type { CompiledFlags, FlagDocument, FlagEnvelope } from "@kombify/agent-contract";
import canonicalize from "canonicalize";
import { ENGINE_VERSION } from "./engine-version.ts";

const sha256 = (value: unknown): string =>
  createHash("sha256")
    .update(canonicalize(value) ?? "")
    .digest("hex");

const digests = new WeakMap<CompiledFlags, string>();

/** For flags that came from elsewhere: whatever is remembered of the same object. */
export const freshDigestOf = (flags: CompiledFlags): string => sha256(flags);

/** Remembered by object: tenants with the same flags share them, and nobody changes them (see compileFlags). */
export function digestOfFlags(flags: CompiledFlags): string {
  const digest = digests.get(flags) ?? freshDigestOf(flags);
  digests.set(flags, digest);
  return digest;
}

/**
 * Over everything that an evaluation follows from: the tenant, what is known of it, the engine, and the flags by their own
 * digest, so that a thousand tenants with the same flags do not cost a thousand times those flags. Neither the revision nor
 * the time is part of it.
 */
export const digestOfEnvelope = ({
  schemaVersion,
  engineVersion,
  tenant,
  flagsDigest,
  context,
}: Pick<FlagEnvelope, "schemaVersion" | "engineVersion" | "tenant" | "flagsDigest" | "context">): string =>
  sha256({ schemaVersion, engineVersion, tenant, flagsDigest, context });

/** A document with its digests. @param generatedAt when what it follows from last changed. */
export function sealDocument(
  { tenant, revision, context, flags }: Pick<FlagDocument, "tenant" | "revision" | "context" | "flags">,
  generatedAt: Date,
  flagsDigest = digestOfFlags(flags),
): FlagDocument {
  const body = { schemaVersion: 1 as const, engineVersion: ENGINE_VERSION, tenant, flagsDigest, context };
  return { ...body, revision, digest: digestOfEnvelope(body), generatedAt: generatedAt.toISOString(), flags };
}

export const envelopeOf = ({ flags: _, ...envelope }: FlagDocument): FlagEnvelope => envelope;

/**
 * What a host has or should have, under one name: the digest of each tenant's document and its revision, in any order.
 * @param documents the tenants of one host.
 */
export const hostFlagsEtag = (documents: readonly Pick<FlagEnvelope, "tenant" | "revision" | "digest">[]): string =>
  sha256(
    documents
      .map(({ tenant, revision, digest }) => [tenant, revision, digest] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
