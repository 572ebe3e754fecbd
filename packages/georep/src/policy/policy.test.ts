import { expect, test } from "vitest";
import { createConfig, type Config } from "../config/config.ts";
import { defaultPolicy, policyOf } from "./policy.ts";

const configured = (session: Record<string, string>, machine: Record<string, string> = {}): Config =>
  createConfig({
    file: "gsyncd.conf",
    machine: new Map(Object.entries(machine)),
    session: new Map(Object.entries(session)),
    commandLine: new Map(),
    variables: new Map(),
    problems: [],
  });

test("without a configuration the defaults of the options and those of the policy are the same", () => {
  const made = policyOf(configured({}));
  const plain = (policy: object) => JSON.parse(JSON.stringify(policy)) as unknown;
  expect(plain(made)).toEqual(plain(defaultPolicy));
  expect(made.excludes).toBe(defaultPolicy.excludes);
});

test.each([
  [{}, {}, "stream"],
  [{}, { "sync-method": "rsync" }, "stream"],
  [{ "sync-method": "rsync" }, {}, "rsync"],
  [{ "sync-method": "tarssh" }, {}, "tarssh"],
  [{ "sync-method": "tarssh", engine: "stream" }, {}, "stream"],
  [{ engine: "rsync" }, {}, "rsync"],
])("%j in the session's file, %j as the machine's defaults: %s", (session, machine, engine) => {
  expect(policyOf(configured(session, machine)).engine).toBe(engine);
});

test("values that cannot be are named, and the defaults hold", () => {
  const config = configured({ exclude: "[", "bandwidth-limit": "fast", compress: "lz4", "retry-interval": "0" });
  expect(config.problems).toHaveLength(4);
  expect(policyOf(config).excludes).toBe(defaultPolicy.excludes);
  expect(policyOf(config).bandwidth()).toBeUndefined();
  expect(policyOf(config)).toMatchObject({ compress: "none", retryMs: 60_000 });
});

test("options that have no default are not listed until they are set", () => {
  expect(configured({}).names).not.toContain("exclude");
  expect(configured({ exclude: "*.o" }).names).toContain("exclude");
});

test("rsync's statistics follow the file, everything else stays", () => {
  let now = configured({});
  const policy = policyOf(now, { current: () => now });
  now = configured({ "log-rsync-performance": "true", "sync-jobs": "9" });
  expect(policy.programs.logsPerformance()).toBe(true);
  expect(policy.jobs).toBe(3);
});
