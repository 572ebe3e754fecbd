import { errnoOf, errno, ioctl, ioctlRead, open, O_RDWR, close } from "@belay/linux";
import { BelayError } from "@belay/supervise";

const FUSE_DEV_IOC_CLONE = ioctlRead(229, 0, 4);

/**
 * Opens /dev/fuse. The descriptor belongs to no connection before mount(2) is given it.
 *
 * @throws BelayError `ENOFUSE` when the machine has no FUSE
 */
export function openFuseDevice(): number {
  try {
    return open("/dev/fuse", O_RDWR);
  } catch (error) {
    const number = errnoOf(error);
    if (number !== errno.ENOENT && number !== errno.ENODEV && number !== errno.ENXIO) throw error;
    throw new BelayError("ENOFUSE", "this machine has no /dev/fuse", {
      hint: "load the kernel module (modprobe fuse); in a container, pass the device (--device /dev/fuse)",
      cause: error,
    });
  }
}

/**
 * Another descriptor of a connection (FUSE_DEV_IOC_CLONE), so that another thread can send notifications or serve too.
 * A request must be answered on the descriptor it was read from. The connection ends when all its descriptors are
 * closed.
 *
 * @param fd  of a connection; it may have been mounted in another thread of this process
 */
export function cloneFuseFd(fd: number): number {
  const clone = openFuseDevice();
  try {
    ioctl(clone, FUSE_DEV_IOC_CLONE, new Uint32Array([fd]));
    return clone;
  } catch (error) {
    close(clone);
    throw error;
  }
}
