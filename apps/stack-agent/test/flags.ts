/** Flags as a control plane sends them. */
import { createHash } from "node:crypto";
import type { CompiledFlag, CompiledFlags, DesiredTenant, FlagDocument, HostFlags } from "@kombify/agent-contract";
import { envelopeOf, sealDocument } from "@kombify/flags";

/** Answers by who asks: `beta` for somebody named ada, else its default. */
export const flagOf = (defaultVariant: string, changes: Partial<CompiledFlag> = {}): CompiledFlag => ({
  state: "ENABLED",
  variants: { on: "it is on", off: "it is off", beta: "it is new" },
  defaultVariant,
  ...changes,
});

export const documentOf = (
  { tenantId, slug }: Pick<DesiredTenant, "tenantId" | "slug">,
  revision: number,
  flags: CompiledFlags,
): FlagDocument =>
  sealDocument(
    { tenant: tenantId, revision, context: { tenantId, tenant: slug, plan: "free" }, flags },
    new Date("2026-11-24T12:00:00.000Z"),
  );

export const bundleOf = (documents: FlagDocument[]): HostFlags => ({
  schemaVersion: 1,
  etag: createHash("sha256")
    .update(JSON.stringify(documents.map(({ digest, revision }) => [digest, revision])))
    .digest("hex"),
  documents: documents.map(envelopeOf),
  contents: Object.fromEntries(documents.map(({ flagsDigest, flags }) => [flagsDigest, flags])),
});
