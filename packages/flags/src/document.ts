/** Whether a document can be taken: what an agent asks before it stores one, wherever it came from. */
import { FLAGS_BODY_LIMIT, type FlagDocument, flagDocumentSchema } from "@kombify/agent-contract";
import { digestOfEnvelope, isIntact } from "./digest.ts";
import { ENGINE_VERSION, isOurEngine } from "./engine-version.ts";
import { createFlagSet, type FlagSet } from "./evaluate.ts";
import { findUnfitPart } from "./limits.ts";
import { isKnownOperator, isObject, operationsIn } from "./logic.ts";

/**
 * `older` and `conflict` (the same revision with another digest) are 409, `oversized` is 413, `foreign` (another tenant's) is
 * 403 or 404, and the rest 400. Whatever it is: what is stored stays.
 */
export type DocumentRefusal = "empty" | "oversized" | "corrupt" | "engine" | "foreign" | "older" | "conflict";

export type CheckedDocument =
  | {
      document: FlagDocument;
      flagSet: FlagSet /** It is what is stored already. */;
      isStored: boolean;
      refusal?: never;
    }
  | { refusal: DocumentRefusal; message: string };

/** Levels of a document around and in its flags. */
const DEPTH_LIMIT = 80;

const refuse = (refusal: DocumentRefusal, message: string): CheckedDocument => ({ refusal, message });

/** What this evaluator could not do, although the document is what it was when it left. */
function findUnknownOperator({ flags }: FlagDocument): string | null {
  for (const [key, { targeting }] of Object.entries(flags))
    for (const { operator } of operationsIn(targeting))
      if (!isKnownOperator(operator)) return `Flag ${key} uses the operator "${operator}", which is unknown here.`;
  return null;
}

/**
 * Everything that has to be true of a document before it is stored and answered from: that it is one, of the size and depth
 * that can be held, for this engine, of this tenant, what its digests say, newer than what is stored, and that it loads.
 * @param value what came, parsed; a text or bytes that could not be parsed is no document.
 * @param expected `tenant`: whose it has to be. `stored`: what is there already, if anything. `bytes`: how large it came.
 */
export function checkDocument(
  value: unknown,
  expected: {
    tenant: string;
    stored?: Pick<FlagDocument, "revision" | "digest"> | null;
    bytes?: number;
  },
): CheckedDocument {
  if (value === undefined || value === null || value === "" || (isObject(value) && Object.keys(value).length === 0))
    return refuse("empty", "There is nothing in it.");
  if ((expected.bytes ?? 0) > FLAGS_BODY_LIMIT)
    return refuse("oversized", `It has ${expected.bytes} bytes; at most ${FLAGS_BODY_LIMIT} are taken.`);
  const unfit = findUnfitPart(value, DEPTH_LIMIT);
  if (unfit !== null) return refuse("corrupt", unfit);
  const parsed = flagDocumentSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse("corrupt", `It is no document of flags: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const document = parsed.data;
  if (document.tenant !== expected.tenant || document.context.tenantId !== expected.tenant)
    return refuse("foreign", "It is of another tenant.");
  if (!isOurEngine(document.engineVersion))
    return refuse(
      "engine",
      `It is made for ${document.engineVersion}; here evaluates ${ENGINE_VERSION}. Update the agent, or wait for a document for it.`,
    );
  // What the schema leaves out was part of what was sealed, or was never part of it: both are told by the digests.
  if (!isIntact(document)) return refuse("corrupt", "Its digests do not fit what is in it.");
  const { stored } = expected;
  if (stored && document.revision < stored.revision)
    return refuse("older", `It is revision ${document.revision}; revision ${stored.revision} is stored.`);
  if (stored && document.revision === stored.revision && document.digest !== stored.digest)
    return refuse("conflict", `Revision ${stored.revision} is stored with another content.`);
  const unknown = findUnknownOperator(document);
  if (unknown !== null) return refuse("corrupt", unknown);
  try {
    const flagSet = createFlagSet(document.flags);
    return { document, flagSet, isStored: stored?.digest === document.digest && stored.revision === document.revision };
  } catch (error) {
    return refuse("corrupt", error instanceof Error ? error.message : String(error));
  }
}

/** Whether an envelope is what its digest says, for one whose flags are known by their own digest already. */
export const isEnvelopeIntact = (envelope: Omit<FlagDocument, "flags">): boolean =>
  digestOfEnvelope(envelope) === envelope.digest;
