/** Long work over HTTP: a line of JSON for every step, and a last one with the outcome. Closing the answer cancels it. */
import { type Problem, problemOf, problemSchema, ServiceError } from "@kombify/agent-contract";
import type { ShellEnv } from "@kombify/server";
import type { Context } from "hono";
import type { Host } from "./host.ts";

type Outcome = { progress: unknown } | { done: unknown } | { problem: Problem };

/**
 * Answers with the progress of some work.
 * @param work gets a signal that is aborted when nobody reads any more or the process stops.
 */
export function progressStream<P, R>(
  c: Context<ShellEnv>,
  host: Host,
  work: (onProgress: (progress: P) => void, signal: AbortSignal) => Promise<R>,
): Response {
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, host.stopping]);
  const encoder = new TextEncoder();
  const log = c.get("log");
  const requestId = c.get("requestId");
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (line: Outcome) => {
        if (!gone.signal.aborted) controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
      };
      const explain = (error: unknown): ServiceError => {
        if (error instanceof ServiceError) return error;
        log.error({ err: error }, "an operator's command failed");
        return new ServiceError("UPSTREAM", "It failed for a reason that is in the agent's log.", { status: 500 });
      };
      const run = host.track(work((progress) => send({ progress }), signal));
      run
        .then(
          (done) => send({ done }),
          (error: unknown) => !gone.signal.aborted && send({ problem: problemOf(explain(error), requestId) }),
        )
        .finally(() => !gone.signal.aborted && controller.close());
    },
    cancel() {
      gone.abort(new ServiceError("PRECONDITION", "The command was stopped."));
    },
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
}

/** The agent went away while it worked on a command. */
export const agentGone = (cause?: unknown): ServiceError =>
  new ServiceError("UPSTREAM", "The agent stopped in the middle. Start it and give the command again.", { cause });

/** The error that a problem document tells of. */
export function errorOf(value: unknown): ServiceError {
  const problem = problemSchema.safeParse(value);
  if (!problem.success)
    return new ServiceError("UPSTREAM", "The agent answered in a way that this command does not know.");
  const { code, detail, status } = problem.data;
  return new ServiceError(code, detail, { status });
}

/**
 * Reads the answer of {@link progressStream}.
 * @param signal cancels the work.
 * @returns what the work returned.
 * @throws ServiceError what the work threw, and UPSTREAM when the agent went away in the middle.
 */
export async function readProgress<P, R>(
  answer: Response,
  onProgress: (progress: P) => void,
  signal: AbortSignal,
): Promise<R> {
  const reader = (answer.body ?? new Blob([]).stream()).getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel, { once: true });
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      signal.throwIfAborted();
      throw agentGone(cause);
    });
    signal.throwIfAborted();
    if (done) throw agentGone();
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const outcome: Outcome = JSON.parse(line);
      if ("problem" in outcome) throw errorOf(outcome.problem);
      if ("done" in outcome) return outcome.done as R;
      onProgress(outcome.progress as P);
    }
  }
}
