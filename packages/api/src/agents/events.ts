/** What an agent's stream says: that there is a newer desired state, or that there are newer flags. */
import type { HostFlags, hintSchema } from "@kombify/agent-contract";
import type { Change } from "@kombify/db";
import type { z } from "zod";
import type { AgentContext } from "../context.ts";
import { toJson, withJson } from "../ready-json.ts";

/** By the name of the server-sent event. */
export type AgentEvent =
  | { event: "hint"; data: z.output<typeof hintSchema> }
  | { event: "flags"; data: { etag: string; flags?: HostFlags } };

/** Flags that are sent with the word that there are newer ones: at most so many homelabs, and so much JSON. */
const MAX_DOCUMENTS_SENT = 50;
const MAX_SENT = 64 * 1024;

/** A thousand agents that fetch a change at the same moment wait for each other; what is small is sent (ADR 0030). */
function newsOf(flags: HostFlags): AgentEvent {
  const { etag } = flags;
  const json = flags.documents.length > MAX_DOCUMENTS_SENT ? null : toJson(flags);
  if (json === null || json.length > MAX_SENT) return { event: "flags", data: { etag } };
  return { event: "flags", data: withJson({ etag, flags }, () => `{"etag":"${etag}","flags":${json}}`) };
}

const isRevision = ({ revision }: Change) => revision !== undefined;

/**
 * Both at once when the stream opens, and each again when it changes. A change of everybody's flags wakes a thousand of
 * these: nothing here asks the database for it.
 */
export async function* agentEvents(ctx: AgentContext, signal: AbortSignal): AsyncGenerator<AgentEvent> {
  const own = new AbortController();
  const changes = ctx.can.changes
    .stream(isRevision, AbortSignal.any([signal, own.signal]), { noun: "instances", id: ctx.instanceId })
    [Symbol.asyncIterator]();
  let hasFlags = true;
  let wake = () => {};
  const stopListening = ctx.can.flagDocuments.onReady(() => {
    hasFlags = true;
    wake();
  });
  let sentEtag: string | undefined;
  try {
    let step = changes.next();
    yield { event: "hint", data: { revision: await readRevision(ctx) } };
    for (;;) {
      if (hasFlags) {
        hasFlags = false;
        const flags = await ctx.can.flagDocuments.hostFlags(ctx.instanceId, sentEtag);
        if (flags) {
          // What the agent has when it connects, only the agent knows.
          yield sentEtag === undefined ? { event: "flags", data: { etag: flags.etag } } : newsOf(flags);
          sentEtag = flags.etag;
        }
        continue;
      }
      const woken = new Promise<"flags">((resolve) => {
        wake = () => resolve("flags");
      });
      const first = await Promise.race([step, woken]);
      if (first === "flags") continue;
      if (first.done) return;
      step = changes.next();
      yield { event: "hint", data: { revision: await readRevision(ctx) } };
    }
  } finally {
    stopListening();
    own.abort();
  }
}

async function readRevision(ctx: AgentContext): Promise<number> {
  const [row] = await ctx.db.read<{ revision: number }>(
    (sql) => sql`select desired_revision::float8 as revision from instances`,
  );
  return row?.revision ?? 0;
}
