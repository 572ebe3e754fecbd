/** Mounts through the helper, being no root, and serves until unmounted. Says what came of it, line by line. */
import { setTimeout } from "node:timers/promises";

import { FuseServer, mountFuse } from "../index.ts";
import { MemoryFileSystem } from "./memory-file-system.ts";

try {
  const mount = await mountFuse(process.argv[2] ?? "", { fsname: "belay,user", subtype: "belaytest" });
  const fileSystem = new MemoryFileSystem();
  fileSystem.addFile("hello", Buffer.from("from a user"));
  const server = new FuseServer({ fd: mount.fd, fileSystem });
  const served = server.serve();
  process.stdout.write(`mounted ${mount.connection}\n`);
  process.stdin.once("data", () => void mount.unmount());
  process.stdout.write(`${await served}\n`);
  await setTimeout(10);
} catch (error) {
  process.stdout.write(`${String(error)}\n`);
}
process.exit(0);
