/**
 * A process for tests that owns one of each kind of resource and tells so, then waits to be killed.
 *
 * argv: run directory, directory for what it makes.
 */
import { createServer } from "node:net";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mount } from "@belay/linux";
import { fileIdentity, mountIdentity, MountTable, openLedger, spawnProcess, takePidLock, tempDir } from "../index.ts";

const [runDir = "", base = ""] = process.argv.slice(2);
const tell = (what: string) => process.stdout.write(`${what}\n`);

const ledger = await openLedger(runDir);
tell("ledger");
const directory = await tempDir(ledger, { parent: base });
writeFileSync(directory.file("data"), "x");
tell("temp-dir");
await spawnProcess(["/bin/sleep", "1000"], { ledger });
await spawnProcess(["/bin/sh", "-c", "trap '' TERM; sleep 1000 & wait"], { ledger });
tell("process-group");
await takePidLock(ledger, join(base, "owner.pid"));
tell("pid-lock");
const socket = join(base, "socket");
const socketEntry = await ledger.intend({ kind: "socket", path: socket });
await new Promise<void>((resolve) => createServer().listen(socket, resolve));
await socketEntry.acquired(fileIdentity(socket));
tell("socket");
if (process.geteuid?.() === 0) {
  const point = directory.file("mnt");
  mkdirSync(point);
  const entry = await ledger.intend({ kind: "mount", point, source: "belay-test", fstype: "tmpfs" });
  mount("belay-test", point, "tmpfs");
  await entry.acquired(mountIdentity(MountTable.read().only(point)));
}
tell("all");
setInterval(() => undefined, 1000);
