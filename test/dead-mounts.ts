import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { takeFileLock } from "@belay/supervise";

/**
 * Has tests that look at mounts whose servers are dead, and those that have a doctor remove such mounts, whoever's they are, come one after the
 * other.
 */
export async function lockDeadMounts(): Promise<Disposable> {
  const lock = await takeFileLock(join(tmpdir(), "belay-test-dead-mounts.lock"), { wait: true });
  return {
    [Symbol.dispose]: () => {
      rmSync(lock.path, { force: true });
      lock[Symbol.dispose]();
    },
  };
}
