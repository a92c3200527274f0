/** Which of two documents of a tenant counts. */
import { type FlagEnvelope, type Problem, problemOf } from "@kombify/agent-contract";
import { type Contents, FlagsRefused } from "./checks.ts";

/** A document that was checked. */
export type Offer = { envelope: FlagEnvelope; contents: Contents };

/** A document that is not newer than the one that is kept. */
export class NotNewer extends FlagsRefused {
  readonly current: Pick<FlagEnvelope, "revision" | "digest">;
  constructor(reason: "older" | "different", message: string, { revision, digest }: FlagEnvelope) {
    super(reason, message, 409, "CONFLICT");
    this.current = { revision, digest };
  }
}

export const isSame = (current: Offer | null, { revision, digest }: FlagEnvelope): boolean =>
  current?.envelope.revision === revision && current.envelope.digest === digest;

/** @throws NotNewer when the tenant has a document of this revision or a newer one. */
export function assertNewer(current: Offer | null, { revision }: FlagEnvelope): void {
  if (current === null || revision > current.envelope.revision) return;
  const { envelope } = current;
  if (revision === envelope.revision)
    throw new NotNewer(
      "different",
      `This host has another document of revision ${revision}. Send a newer one.`,
      envelope,
    );
  throw new NotNewer(
    "older",
    `Revision ${revision} is older than revision ${envelope.revision}, which this host has. Send a newer one.`,
    envelope,
  );
}

/** The problem document of a refusal; one that is about revisions also says which one is kept. */
export function refusalProblem(
  error: FlagsRefused,
  requestId: string,
): Problem & { currentRevision?: number; currentDigest?: string } {
  const problem = problemOf(error, requestId);
  if (!(error instanceof NotNewer)) return problem;
  return { ...problem, currentRevision: error.current.revision, currentDigest: error.current.digest };
}
