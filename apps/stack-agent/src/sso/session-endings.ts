/** Who signed out of the portal or is no longer a member: what the control plane's document says of sessions here. */
import type { DesiredState, SessionEnding } from "@kombify/agent-contract";
import type { SessionEnd, SessionRow, SharedStore } from "../engine/shared-store.ts";

/** What decides whether a session is meant. */
export type Endable = Pick<SessionRow, "tenantId" | "subject" | "sid" | "issuedAt">;

const endOf = ({ tenantId, subject, sid, before }: SessionEnding): SessionEnd => ({
  tenantId,
  subject,
  sid,
  before: new Date(before),
});

const isMeant = (end: SessionEnd, { tenantId, subject, sid, issuedAt }: Endable): boolean =>
  end.tenantId === tenantId &&
  end.subject === subject &&
  (end.sid === null || sid === null || end.sid === sid) &&
  issuedAt <= end.before;

/** Whether a session that begins now was ended before it began: its assertion was under way while somebody signed out. */
export const isEnded = (document: DesiredState | null, session: Endable): boolean =>
  (document?.sessionEndings ?? []).some((ending) => isMeant(endOf(ending), session));

/**
 * Carries endings out, each once in this process: a document names those of the last half day again and again.
 * @returns what to call with every document, and as often as one likes.
 */
export function createSessionEnder(shared: SharedStore): (document: DesiredState) => Promise<void> {
  let done = new Set<string>();
  return async ({ sessionEndings = [] }) => {
    const carriedOut = new Set<string>();
    for (const ending of sessionEndings) {
      const key = JSON.stringify(ending);
      if (!done.has(key)) await shared.endSessionsOf(endOf(ending));
      done.add(key);
      carriedOut.add(key);
    }
    // What no document names any more need not be remembered.
    done = carriedOut;
  };
}
