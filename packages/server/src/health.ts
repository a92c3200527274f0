import { ServiceError } from "@kombify/agent-contract";

/**
 * One dependency of a process. It resolves when the dependency works, with a word of detail if there is something to
 * say, and rejects when it does not.
 */
export type ReadyCheck = () => Promise<string | undefined>;
export type CheckResult = { status: "ok" | "failed"; detail?: string; latencyMs: number };
export type Readiness = { status: "ok" | "failed" | "stopping"; checks: Record<string, CheckResult> };

/** contracts: a slow dependency never holds `/ready` longer than 1 s; the rest is for the answer itself. */
const CHECK_TIMEOUT_MS = 900;

/** What may be said to strangers about a failed check: our own words, or an error code such as ECONNREFUSED. */
function publicReason(error: unknown): string {
  if (error instanceof ServiceError) return error.message;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && code !== "" ? code : "failed, see the log";
}

type Pending = { startedAt: number; result: Promise<CheckResult> };

/**
 * Runs the checks side by side, each for at most 900 ms. A check that hangs is not started a second time; it counts as
 * failed until it comes back.
 * @param onFailure told about each failed check, with the error that the outside does not see.
 */
export function createReadiness(
  checks: Record<string, ReadyCheck>,
  onFailure: (name: string, error: unknown) => void,
): () => Promise<Record<string, CheckResult>> {
  const running = new Map<string, Pending>();

  const begin = (name: string, check: ReadyCheck): Pending => {
    const startedAt = performance.now();
    const latencyMs = () => Math.round(performance.now() - startedAt);
    const result = check()
      .then((detail): CheckResult => ({ status: "ok", ...(detail ? { detail } : {}), latencyMs: latencyMs() }))
      .catch((error: unknown): CheckResult => {
        onFailure(name, error);
        return { status: "failed", detail: publicReason(error), latencyMs: latencyMs() };
      })
      .finally(() => running.delete(name));
    const pending = { startedAt, result };
    running.set(name, pending);
    return pending;
  };

  const within = async ({ startedAt, result }: Pending): Promise<CheckResult> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<CheckResult>((resolve) => {
      const answer = () =>
        resolve({
          status: "failed",
          detail: `no answer within ${CHECK_TIMEOUT_MS} ms`,
          latencyMs: Math.round(performance.now() - startedAt),
        });
      timer = setTimeout(answer, CHECK_TIMEOUT_MS);
    });
    return Promise.race([result, late]).finally(() => clearTimeout(timer));
  };

  return async () => {
    const names = Object.entries(checks);
    const results = await Promise.all(names.map(([name, check]) => within(running.get(name) ?? begin(name, check))));
    return Object.fromEntries(names.map(([name], i) => [name, results[i] as CheckResult]));
  };
}
