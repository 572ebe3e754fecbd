import { check, libc } from "../ffi/libc.ts";
import { O_NONBLOCK } from "./open-flags.ts";

const fcntlNative = libc("int fcntl(int fd, int command, int64_t argument)");

const F_DUPFD_CLOEXEC = 1030;
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_SETPIPE_SZ = 1031;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
const FD_CLOEXEC = 1;

/**
 * O_NONBLOCK on or off. It is a property of the open file description: every copy of the descriptor changes with it.
 */
export function setNonBlocking(fd: number, on: boolean): void {
  const flags = check(fcntlNative(fd, F_GETFL, 0), "fcntl");
  check(fcntlNative(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK), "fcntl");
}

/** Status flags (O_APPEND, O_NONBLOCK, access mode …) of an open file description. */
export function getStatusFlags(fd: number): number {
  return check(fcntlNative(fd, F_GETFL, 0), "fcntl");
}

/** FD_CLOEXEC on or off, of this descriptor alone. */
export function setCloseOnExec(fd: number, on: boolean): void {
  const flags = check(fcntlNative(fd, F_GETFD, 0), "fcntl");
  check(fcntlNative(fd, F_SETFD, on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC), "fcntl");
}

/** A close-on-exec copy of a descriptor, the lowest free number from `minimum` on. */
export function duplicate(fd: number, minimum = 3): number {
  return check(fcntlNative(fd, F_DUPFD_CLOEXEC, minimum), "fcntl");
}

/**
 * Capacity of a pipe in bytes.
 *
 * @returns what the kernel made of it, at least `size`; EPERM above `/proc/sys/fs/pipe-max-size` without
 * CAP_SYS_RESOURCE
 */
export function setPipeSize(fd: number, size: number): number {
  return check(fcntlNative(fd, F_SETPIPE_SZ, size), "fcntl");
}

/** No further seals. */
export const F_SEAL_SEAL = 0x01;
/** The file gets no shorter: a mapping of it has all its pages for ever. */
export const F_SEAL_SHRINK = 0x02;
export const F_SEAL_GROW = 0x04;
export const F_SEAL_WRITE = 0x08;

/** fcntl(2) with F_ADD_SEALS. EPERM when it has F_SEAL_SEAL. @param seals  F_SEAL_… */
export function addSeals(fd: number, seals: number): void {
  check(fcntlNative(fd, F_ADD_SEALS, seals), "fcntl");
}

/** fcntl(2) with F_GET_SEALS. @returns F_SEAL_…; EINVAL for a file that cannot have any */
export function getSeals(fd: number): number {
  return check(fcntlNative(fd, F_GET_SEALS, 0), "fcntl");
}
