import { join, sep } from "node:path";

import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const endToEnd = join(import.meta.dirname, "test") + sep;

/** What takes long comes first, so that at the end all workers have something to do: the tests beside their sources are short. */
class EndToEndFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isFirst = ({ moduleId }: TestSpecification) => moduleId.startsWith(endToEnd);
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
    // Native calls and real kernel objects: each file gets a process of its own.
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: EndToEndFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What is waited for is there at once, or not at all; how soon it is on a busy machine is nothing to judge a test by.
    expect: { poll: { timeout: 30_000 } },
    // What the test script tells once more at the end has no comparison beside it.
    chaiConfig: { truncateThreshold: 2000 },
    reporters: ["default"],
  },
});
