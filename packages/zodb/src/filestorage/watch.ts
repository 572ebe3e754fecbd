import { closeSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import {
  ErrnoError,
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_MODIFY,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_ONLYDIR,
  inotifyAddWatch,
  inotifyInit1,
  inotifyRead,
  inotifyRmWatch,
} from "@belay/linux";

/** What statfs(2) says of file systems that others change behind this machine's back. */
const NETWORK_FILE_SYSTEMS = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xfe534d42, // SMB2
  0xff534d42, // CIFS
  0x00c36400, // Ceph
  0x65735546, // FUSE: sshfs, GlusterFS
  0x01021997, // 9P
  0x5346414f, // AFS
  0x0bd00bd0, // Lustre
  0x7461636f, // OCFS2
  0x01161970, // GFS2
]);

const FILE_EVENTS = IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB;
const DIRECTORY_EVENTS = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR;

/** Watches a file that grows and may be replaced by another of its name. */
export class FileWatch implements Disposable {
  /** Becomes readable when there may be something; -1 where the kernel cannot tell. */
  readonly fd: number;
  readonly #path: string;
  #file = -1;

  /** @param path  of the file, or of a link: then both the link's directory and the file are watched */
  constructor(path: string) {
    this.#path = path;
    this.fd = startWatching(dirname(path));
    this.watchFile();
  }

  /** Watches the file that now has the name. Without one, its coming will be told. */
  watchFile(): void {
    if (this.fd < 0) return;
    const old = this.#file;
    try {
      this.#file = inotifyAddWatch(this.fd, this.#path, FILE_EVENTS);
    } catch (error) {
      if (!(error instanceof ErrnoError) || error.code !== "ENOENT") throw error;
      return;
    }
    if (old >= 0 && old !== this.#file) this.#forget(old);
  }

  /** Takes all events away: what happens after this makes `fd` readable again. */
  drain(): void {
    if (this.fd < 0) return;
    while (inotifyRead(this.fd).length > 0);
  }

  /** Makes `fd` readable, for work left to the next poll. */
  wake(): void {
    if (this.fd < 0) return;
    // The kernel reports the end of a watch as an event.
    this.#forget(inotifyAddWatch(this.fd, "/", IN_DELETE_SELF));
  }

  // The kernel drops the watch of a file that is gone by itself.
  #forget(watch: number): void {
    try {
      inotifyRmWatch(this.fd, watch);
    } catch (error) {
      if (!(error instanceof ErrnoError) || error.code !== "EINVAL") throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.fd >= 0) closeSync(this.fd);
  }
}

function startWatching(directory: string): number {
  if (NETWORK_FILE_SYSTEMS.has(statfsSync(directory).type >>> 0)) return -1;
  let fd = -1;
  try {
    fd = inotifyInit1();
    inotifyAddWatch(fd, directory, DIRECTORY_EVENTS);
    return fd;
  } catch (error) {
    if (!(error instanceof ErrnoError)) throw error;
    if (fd >= 0) closeSync(fd);
    return -1; // Out of instances or watches: whoever follows has a timer for this.
  }
}
