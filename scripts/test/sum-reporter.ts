import type { Reporter, SerializedError, TestModule } from "vitest/node";

export type Counts = { passed: number; failed: number; skipped: number };

/** Counts what a run did. A file that could not be loaded and an error outside every test count as failed. */
export class SumReporter implements Reporter {
  private sum: Counts = { passed: 0, failed: 0, skipped: 0 };

  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandled: ReadonlyArray<SerializedError>): void {
    const sum: Counts = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      const failedBefore = sum.failed;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // A test that never came to an end because its hooks failed is not one that passed.
        if (state === "passed" || state === "failed" || state === "skipped") sum[state]++;
        else sum.failed++;
      }
      if (!module.ok() && sum.failed === failedBefore) sum.failed++;
    }
    this.sum = sum;
  }

  counts(): Counts {
    return this.sum;
  }
}
