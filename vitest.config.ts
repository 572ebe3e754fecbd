import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
    // Native calls and real kernel objects: each file gets a process of its own.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What is waited for is there at once, or not at all; how soon it is on a busy machine is nothing to judge a test by.
    expect: { poll: { timeout: 20_000 } },
    reporters: ["default"],
  },
});
