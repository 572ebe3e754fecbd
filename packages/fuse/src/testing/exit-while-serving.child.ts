/** Serves in a worker, uses the mount, and exits without unmounting first. */
import { mkdtempSync, rmdirSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

import { mountFuse } from "../index.ts";

const mountpoint = mkdtempSync(join(tmpdir(), "belay-test-"));
const mount = await mountFuse(mountpoint);
new Worker(new URL("serve-memory.worker.ts", import.meta.url), { workerData: mount.fd });
await stat(mountpoint);
await mount.unmount(true);
rmdirSync(mountpoint);
process.stdout.write("exiting\n");
process.exit(0);
