import { cString } from "../ffi/c-string.ts";
import { check, libc } from "../ffi/libc.ts";

const memfdCreateNative = libc("int memfd_create(void *name, uint32_t flags)");
const fcntlNative = libc("int fcntl(int fd, int command, int64_t argument)");

/** No further seals. */
export const F_SEAL_SEAL = 0x01;
/** The file gets no shorter: a mapping of it has all its pages for ever. */
export const F_SEAL_SHRINK = 0x02;
export const F_SEAL_GROW = 0x04;
export const F_SEAL_WRITE = 0x08;

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;

/**
 * memfd_create(2): an empty file of memory without a name, which can be sealed. The descriptor is close-on-exec.
 *
 * @param name  shows in `/proc/<pid>/fd` and `maps`; not unique
 */
export function memfdCreate(name: string): number {
  return check(memfdCreateNative(cString(name), MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd_create");
}

/** fcntl(2) with F_ADD_SEALS. EPERM when it has F_SEAL_SEAL. @param seals  F_SEAL_… */
export function addSeals(fd: number, seals: number): void {
  check(fcntlNative(fd, F_ADD_SEALS, seals), "fcntl");
}

/** fcntl(2) with F_GET_SEALS. @returns F_SEAL_…; EINVAL for a file that cannot have any */
export function getSeals(fd: number): number {
  return check(fcntlNative(fd, F_GET_SEALS, 0), "fcntl");
}
