import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Two groups in one run: what stands beside the code, side by side; then the journeys, one after another. */
export default defineConfig({
  test: {
    globalSetup: "./scripts/test/parts.ts",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "code",
          include: ["{packages,apps,scripts,bench,infra}/**/*.test.{ts,tsx}"],
          exclude: ["**/node_modules/**", "**/build/**"],
          // Much of a test is waiting for PostgreSQL and sockets: two at once also where there are only two cores.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // Group 0 would come last where it has one worker.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "journeys",
          globalSetup: "./e2e/src/run.ts",
          include: ["e2e/**/*.test.ts"],
          exclude: ["**/node_modules/**"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
