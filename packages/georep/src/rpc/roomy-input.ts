import { setPipeSize } from "@belay/linux";
import { errnoName } from "@belay/supervise";

/** As much as everybody may have in a pipe (pipe(7), `/proc/sys/fs/pipe-max-size`). */
const pipeBytes = 1024 * 1024;

/**
 * Has a pipe take what sshd writes. It reads up to 256 KiB at once from its peer, and as long as the pipe takes only the usual 64 of them, the rest of all that is on
 * its way gathers in its memory, which it copies each time some more comes. Where that cannot be, all works as before, only slower.
 */
export function makeRoomyPipe(fd: number): void {
  try {
    setPipeSize(fd, pipeBytes);
  } catch (error) {
    if (errnoName(error) === undefined) throw error;
  }
}
