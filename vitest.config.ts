import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores are what CI has; the default would leave one of them idle.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    reporters: ["default", "./scripts/summary-reporter.mjs"],
  },
});
