import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One more than the cores that CI has: the tests on Kafka wait much.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // The built command is run as it was built.
    server: { deps: { external: [/\/dist\//] } },
    reporters: ["default", "./scripts/summary-reporter.mjs"],
  },
});
