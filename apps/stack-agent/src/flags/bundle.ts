/** What a pull brought: envelopes of many tenants, and the flags that they name once each. Read piece by piece. */
import type { FlagEnvelope } from "@kombify/agent-contract";
import { z } from "zod";
import { type Contents, FlagsRefused, readContents, readEnvelope } from "./checks.ts";

const MAX_DOCUMENTS = 10_000;

/** As `hostFlagsSchema`, but what is wrong with one document is nothing to the others. */
const bundleSchema = z.object({
  schemaVersion: z.literal(1),
  etag: z.string().regex(/^[0-9a-f]{64}$/),
  documents: z.array(z.unknown()).max(MAX_DOCUMENTS),
  contents: z.record(z.string(), z.unknown()),
});
const tenantSchema = z.object({ tenant: z.uuid() });

type Entry = {
  /** Whose it says it is; null when not even that can be read. */
  tenantId: string | null;
  /** @throws FlagsRefused */
  envelope(): FlagEnvelope;
  /** @throws FlagsRefused, the same for everybody whose document refers to these flags. */
  contents(envelope: FlagEnvelope): Contents;
};
type Bundle = { etag: string; entries(): Entry[] };

const isEmpty = (answer: unknown): boolean =>
  answer === undefined || answer === null || (typeof answer === "object" && Object.keys(answer).length === 0);

/**
 * @param served the flags of a digest that are checked and in use.
 * @throws FlagsRefused for an answer that is empty or not as agreed.
 */
export function readBundle(answer: unknown, served: ReadonlyMap<string, Contents>): Bundle {
  if (isEmpty(answer)) throw new FlagsRefused("empty", "The control plane's answer about flags is empty.");
  const parsed = bundleSchema.safeParse(answer);
  if (!parsed.success)
    throw new FlagsRefused("corrupt", "The control plane's answer about flags is not as agreed. Is its version newer?");
  const { etag, documents, contents } = parsed.data;
  const read = new Map<string, Contents | FlagsRefused>();
  const contentsOf = (digest: string): Contents | FlagsRefused => {
    const known = served.get(digest);
    if (known) return known;
    if (!Object.hasOwn(contents, digest)) return new FlagsRefused("corrupt", "The flags of the document are missing.");
    try {
      return readContents(digest, contents[digest]);
    } catch (error) {
      if (error instanceof FlagsRefused) return error;
      throw error;
    }
  };
  return {
    etag,
    entries: () =>
      documents.map((document) => ({
        tenantId: tenantSchema.safeParse(document).data?.tenant ?? null,
        envelope: () => readEnvelope(document),
        contents: ({ flagsDigest }) => {
          const found = read.get(flagsDigest) ?? contentsOf(flagsDigest);
          read.set(flagsDigest, found);
          if (found instanceof FlagsRefused) throw found;
          return found;
        },
      })),
  };
}
