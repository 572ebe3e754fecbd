/**
 * Linux system calls that Node lacks, typed.
 *
 * Functions bear the name of the system call and throw {@link ErrnoError}. Those with the suffix `Raw` are for hot
 * loops: they never throw and return `-errno`. Nothing else in the project touches the foreign function interface.
 *
 * Memory: a system call gets the bytes of a typed array in place. The garbage collector does not move them, but it
 * frees them when nothing refers to the array any more; whoever gives the kernel an address keeps the array.
 *
 * @packageDocumentation
 */
export * from "./errno/errno-error.ts";
export * from "./errno/errno-table.ts";
export * from "./events/eventfd.ts";
export * from "./events/fanotify-event.ts";
export * from "./events/fanotify-flags.ts";
export * from "./events/fanotify.ts";
export * from "./events/inotify.ts";
export * from "./events/poll.ts";
export type { Path } from "./ffi/c-string.ts";
export type { Address, Pointer } from "./ffi/libc.ts";
export { koffiAssetName } from "./ffi/load-koffi.ts";
export * from "./files/at-calls.ts";
export * from "./files/descriptor-flags.ts";
export * from "./files/directory-entries.ts";
export * from "./files/file-handle.ts";
export * from "./files/io.ts";
export * from "./files/ioctl.ts";
export * from "./files/open-flags.ts";
export * from "./files/open-file.ts";
export * from "./files/open.ts";
export * from "./files/openat2.ts";
export * from "./files/splice.ts";
export * from "./files/stamp.ts";
export * from "./files/statfs.ts";
export * from "./files/statx.ts";
export * from "./files/vector-io.ts";
export * from "./locks/flock.ts";
export * from "./locks/record-lock.ts";
export * from "./memory/fixed-memory.ts";
export * from "./memory/map-flags.ts";
export * from "./memory/mapping.ts";
export * from "./memory/memfd.ts";
export * from "./mounts/mount.ts";
export * from "./process/pidfd.ts";
export * from "./process/prctl.ts";
export * from "./process/process.ts";
export * from "./sockets/buffer.ts";
export * from "./sockets/message.ts";
export * from "./xattr/xattr.ts";
