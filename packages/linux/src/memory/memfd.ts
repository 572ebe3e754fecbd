import { cString } from "../ffi/c-string.ts";
import { check, libc } from "../ffi/libc.ts";

const memfdCreateNative = libc("int memfd_create(void *name, uint32_t flags)");

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;

/**
 * memfd_create(2): an empty file of memory without a name, which can be sealed. The descriptor is close-on-exec.
 *
 * @param name  shows in `/proc/<pid>/fd` and `maps`; not unique
 */
export function memfdCreate(name: string): number {
  return check(memfdCreateNative(cString(name), MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd_create");
}
