import type { UpgradeReport } from "@kombify/agent-contract";

/** How far this host is with an upgrade of its namespaces, for the report. */
export type UpgradeProgress = {
  /** Names all that have an older version now. Begins a new upgrade when there are some beyond the last one. */
  expect(ids: readonly string[]): void;
  succeeded(id: string): void;
  quarantined(id: string): void;
  /** Undefined when there was nothing to upgrade yet. */
  report(): UpgradeReport | undefined;
};

type Run = { startedAt: Date; finishedAt: Date | null; waiting: Set<string>; done: Set<string>; failed: Set<string> };

/** @param toVersion that the namespaces are brought to. */
export function createUpgradeProgress(toVersion: number): UpgradeProgress {
  let run: Run | null = null;

  const finishWhenDone = (current: Run): void => {
    if (current.waiting.size === 0) current.finishedAt ??= new Date();
  };
  const settle = (id: string, into: "done" | "failed"): void => {
    if (!run || !(run.waiting.has(id) || run.failed.has(id))) return;
    run.waiting.delete(id);
    run.failed.delete(id);
    run[into].add(id);
    finishWhenDone(run);
  };
  return {
    expect(ids) {
      const failed = new Set(ids.filter((id) => run?.failed.has(id)));
      const waiting = new Set(ids.filter((id) => !failed.has(id)));
      const isBeginning = waiting.size > 0 && (!run || run.finishedAt !== null);
      if (isBeginning) run = { startedAt: new Date(), finishedAt: null, waiting, done: new Set(), failed };
      if (!run) return;
      // Tenants that were removed meanwhile are in neither.
      run.waiting = waiting;
      run.failed = failed;
      for (const id of ids) run.done.delete(id);
      finishWhenDone(run);
    },
    succeeded: (id) => settle(id, "done"),
    quarantined: (id) => settle(id, "failed"),
    report() {
      if (!run) return undefined;
      const { startedAt, finishedAt, waiting, done, failed } = run;
      return {
        toVersion,
        total: waiting.size + done.size + failed.size,
        done: done.size,
        quarantined: failed.size,
        startedAt: startedAt.toISOString(),
        ...(finishedAt ? { finishedAt: finishedAt.toISOString() } : {}),
      };
    },
  };
}
