/**
 * The TypeScript side of the benchmark: serves one file, which it reads from a backing file.
 *
 * `node one-file-server.ts MOUNTPOINT BACKING SPIN_MICROSECONDS`
 */
import { fstatSync } from "node:fs";

import { FuseServer, mountFuseDirectly, ServeLoop, type Attr, type FileSystem } from "@belay/fuse";
import { errno, open, O_RDONLY, preadRaw } from "@belay/linux";

const [mountpoint = "", path = "", spin = "20"] = process.argv.slice(2);
const backing = open(path, O_RDONLY);
const root: Attr = { ino: 1, size: 0, mode: 0o040755 };
const file: Attr = { ino: 2, size: fstatSync(backing).size, mode: 0o100444 };

const fileSystem: FileSystem = {
  lookup(request, reply) {
    if (request.name.toString() === "file") reply.entry({ nodeid: 2, attr: file });
    else reply.error(errno.ENOENT);
  },
  getattr: (request, reply) => reply.attr(request.nodeid === 1 ? root : file),
  open: (_request, reply) => reply.opened(),
  read(request, reply) {
    const length = preadRaw(backing, reply.buffer(request.size), request.size, request.offset);
    if (length < 0) reply.error(-length);
    else reply.send(length);
  },
  release: (_request, reply) => reply.ok(),
};

const fd = mountFuseDirectly(mountpoint, { fsname: "bench" });
const server = new FuseServer({ fd, fileSystem, loop: new ServeLoop({ spin: Number(spin) }) });
process.stdout.write("ready\n");
await server.serve();
