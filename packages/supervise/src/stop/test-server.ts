/**
 * A FUSE server for tests that answers the root directory and nothing else: who looks for a name in it waits.
 *
 * argv: mountpoint, then any of `stubborn` (takes no SIGTERM and no SIGQUIT, and stays when its connection is aborted).
 */
import { openSync, readSync, writeSync } from "node:fs";
import { mount } from "@belay/linux";

const [point = "", manner] = process.argv.slice(2);
const pause = new Int32Array(new SharedArrayBuffer(4));
const [LOOKUP, FORGET, GETATTR, INIT, INTERRUPT, BATCH_FORGET] = [1, 2, 3, 26, 36, 42];
const silent = [LOOKUP, FORGET, INTERRUPT, BATCH_FORGET];

if (manner === "stubborn") for (const name of ["SIGTERM", "SIGQUIT"] as const) process.on(name, () => undefined);

const fd = openSync("/dev/fuse", "r+");
mount("belay-test", point, "fuse.belaytest", 0, `fd=${fd},rootmode=40000,user_id=0,group_id=0`);
process.stderr.write("up\n");
const request = Buffer.alloc(1 << 20);
try {
  for (;;) {
    readSync(fd, request);
    answer(request.readUInt32LE(4), request.readBigUInt64LE(8));
  }
} catch {
  // ENODEV: unmounted or aborted
}
// A handler of JavaScript never runs in a thread that sleeps: such signals have no effect at all.
while (manner === "stubborn") Atomics.wait(pause, 0, 0, 1000);

function answer(opcode: number, unique: bigint): void {
  if (silent.includes(opcode)) return;
  const body = opcode === INIT ? init() : opcode === GETATTR ? attributes() : Buffer.alloc(0);
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeInt32LE(body.length > 0 ? 0 : -38, 4); // ENOSYS
  header.writeBigUInt64LE(unique, 8);
  writeSync(fd, Buffer.concat([header, body]));
}

// struct fuse_init_out: major, minor, …, max_write
function init(): Buffer {
  const out = Buffer.alloc(64);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(31, 4);
  out.writeUInt32LE(65536, 20);
  return out;
}

// struct fuse_attr_out: validity, then struct fuse_attr with the inode first, mode and link count at 16 + 60
function attributes(): Buffer {
  const out = Buffer.alloc(104);
  out.writeBigUInt64LE(3600n, 0);
  out.writeBigUInt64LE(1n, 16);
  out.writeUInt32LE(0o40755, 16 + 60);
  out.writeUInt32LE(2, 16 + 64);
  return out;
}
