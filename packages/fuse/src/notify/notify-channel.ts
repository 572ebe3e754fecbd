import { addressOf, allocatePages, errno, pageSize, preadRaw, writeRaw, type Mapping } from "@belay/linux";

import { replyHeaderSize } from "../wire/message.ts";

/** Codes of `enum fuse_notify_code`. */
const notification = {
  poll: 1,
  invalInode: 2,
  invalEntry: 3,
  store: 4,
  retrieve: 5,
  delete: 6,
  resend: 7,
  incEpoch: 8,
} as const;

/** Most bytes of one STORE; larger ones are split. */
const largestStore = 1 << 20;

const storeHeaderSize = replyHeaderSize + 24;

/**
 * Sends notifications to the kernel, each before it returns.
 *
 * INVAL of data and STORE **wait for page locks**, and a page that is being READ stays locked until that READ is
 * answered. So the thread that answers READs must never call them, nor wait for a thread that does: it would hang
 * beyond SIGKILL, until the connection is aborted. Any other thread may, on a descriptor cloned with `cloneFuseFd`.
 *
 * All methods return 0 or -errno. ENOENT means that the kernel does not know the node or name: for invalidations that
 * is as good as done. ENOTCONN, ENODEV and EPERM mean that the connection has ended.
 */
export class NotifyChannel implements Disposable {
  readonly #fd: number;
  readonly #memory: Mapping;
  /** Starts so that the data of a STORE starts on a page. */
  readonly #words: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #address: number;

  /** @param fd  a /dev/fuse descriptor of the connection; the caller closes it */
  constructor(fd: number) {
    this.#fd = fd;
    this.#memory = allocatePages(pageSize() + largestStore);
    const memory = this.#memory.view();
    this.#bytes = memory.subarray(pageSize() - storeHeaderSize);
    this.#words = new Uint32Array(memory.buffer, this.#bytes.byteOffset, Math.floor(this.#bytes.length / 4));
    this.#address = addressOf(this.#bytes);
  }

  /**
   * INVAL_INODE: drops cached pages, and in any case the cached attributes.
   *
   * @param offset  first byte; negative: the attributes alone
   * @param length  bytes; 0 or less: up to the end
   */
  invalInode(nodeid: number, offset = 0, length = 0): number {
    this.#putUint64(16, nodeid);
    this.#putUint64(24, offset);
    this.#putUint64(32, length);
    return this.#send(notification.invalInode, 24);
  }

  /**
   * INVAL_ENTRY: drops a cached name. Waits for the lock of the directory, which its LOOKUPs and CREATEs hold.
   *
   * @param flags  FUSE_EXPIRE_ONLY
   */
  invalEntry(parent: number, name: string | Uint8Array, flags = 0): number {
    this.#putUint64(16, parent);
    this.#words[7] = flags;
    return this.#sendName(notification.invalEntry, 16, 6, name);
  }

  /** DELETE: as INVAL_ENTRY, and tells inotify watchers, provided that the name stands for `child`. */
  delete(parent: number, child: number, name: string | Uint8Array): number {
    this.#putUint64(16, parent);
    this.#putUint64(24, child);
    this.#words[9] = 0;
    return this.#sendName(notification.delete, 24, 8, name);
  }

  /**
   * STORE: puts bytes into the page cache of a file. Only pages that are stored as a whole, or up to the end of the
   * file, count as cached afterwards. Beyond the end it makes the file longer in the kernel's eyes: clip to the size.
   *
   * @returns 0, or -errno of the first piece that failed
   */
  store(nodeid: number, offset: number, data: Uint8Array): number {
    return this.#storePieces(nodeid, offset, data.length, (target, at) => {
      target.set(data.subarray(at, at + target.length));
      return 0;
    });
  }

  /**
   * STORE of bytes that this thread reads from a file.
   *
   * @returns 0, or -errno of a read or STORE that failed: -EIO where the file ends before, because it was cut off
   */
  storeFrom(nodeid: number, offset: number, fd: number, fileOffset: number, length: number): number {
    return this.#storePieces(nodeid, offset, length, (target, at) => readFully(fd, target, fileOffset + at));
  }

  /**
   * Reads bytes from a file that {@link storePrepared} then STOREs. Only {@link invalInode} may be called in between: the page that it drops is
   * missing for a moment only.
   *
   * @param offset  where they will be stored
   * @returns 0, or -errno: -EIO where the file ends before, -EFBIG when one STORE cannot hold them
   */
  prepareStore(offset: number, fd: number, fileOffset: number, length: number): number {
    if ((offset % largestStore) + length > largestStore) return -errno.EFBIG;
    return readFully(fd, this.#bytes.subarray(storeHeaderSize, storeHeaderSize + length), fileOffset);
  }

  /** STORE of what was prepared. @returns 0 or -errno */
  storePrepared(nodeid: number, offset: number, length: number): number {
    return this.#storeFilled(nodeid, offset, length);
  }

  /**
   * RETRIEVE: asks for cached pages; they come as a NOTIFY_REPLY request of number `(uniqueHigh, uniqueLow)`. Waits for
   * nothing.
   *
   * @param length  at most the connection's `maxWrite`: the kernel gives no more
   */
  retrieve(uniqueLow: number, uniqueHigh: number, nodeid: number, offset: number, length: number): number {
    this.#words[4] = uniqueLow;
    this.#words[5] = uniqueHigh;
    this.#putUint64(24, nodeid);
    this.#putUint64(32, offset);
    this.#words[10] = length;
    this.#words[11] = 0;
    return this.#send(notification.retrieve, 32);
  }

  /** POLL: a file whose POLL asked for it may be ready now. */
  pollWakeup(kernelHandle: bigint): number {
    this.#words[4] = Number(kernelHandle & 0xffff_ffffn);
    this.#words[5] = Number(kernelHandle >> 32n);
    return this.#send(notification.poll, 8);
  }

  /** RESEND (7.40): requests that were read but not answered come again. */
  resend(): number {
    return this.#send(notification.resend, 0);
  }

  /** INC_EPOCH (7.44): all cached names expire. */
  incrementEpoch(): number {
    return this.#send(notification.incEpoch, 0);
  }

  /** Frees the buffer; not the descriptor. */
  [Symbol.dispose](): void {
    this.#memory.unmap();
  }

  #storePieces(
    nodeid: number,
    offset: number,
    length: number,
    fill: (target: Uint8Array, at: number) => number,
  ): number {
    for (let at = 0; at < length;) {
      // Pieces end on multiples of their size, so that no page is cut in two.
      const size = Math.min(length - at, largestStore - ((offset + at) % largestStore));
      const filled = fill(this.#bytes.subarray(storeHeaderSize, storeHeaderSize + size), at);
      if (filled < 0) return filled;
      const stored = this.#storeFilled(nodeid, offset + at, size);
      if (stored < 0) return stored;
      at += size;
    }
    return 0;
  }

  #storeFilled(nodeid: number, offset: number, size: number): number {
    this.#putUint64(16, nodeid);
    this.#putUint64(24, offset);
    this.#words[8] = size;
    this.#words[9] = 0;
    return this.#send(notification.store, 24 + size);
  }

  #sendName(code: number, structSize: number, lengthWord: number, name: string | Uint8Array): number {
    const bytes = typeof name === "string" ? Buffer.from(name) : name;
    if (bytes.length > longestName) return -errno.ENAMETOOLONG;
    this.#words[lengthWord] = bytes.length;
    const at = replyHeaderSize + structSize;
    this.#bytes.set(bytes, at);
    this.#bytes[at + bytes.length] = 0;
    return this.#send(code, structSize + bytes.length + 1);
  }

  #send(code: number, size: number): number {
    const length = replyHeaderSize + size;
    this.#words[0] = length;
    this.#words[1] = code;
    this.#words[2] = 0;
    this.#words[3] = 0;
    for (;;) {
      const written = writeRaw(this.#fd, this.#address, length);
      if (written >= 0) return 0;
      if (written !== -errno.EINTR) return written;
    }
  }

  #putUint64(at: number, value: number): void {
    this.#words[at / 4] = value % 0x1_0000_0000;
    this.#words[at / 4 + 1] = Math.floor(value / 0x1_0000_0000);
  }
}

/** FUSE_NAME_MAX; newer kernels take longer names, no file system here has them. */
const longestName = 1024;

// Fills all of target. What the kernel would cache in place of bytes that are not there it would show for good.
function readFully(fd: number, target: Uint8Array, offset: number): number {
  for (let at = 0; at < target.length;) {
    const length = preadRaw(fd, target.subarray(at), target.length - at, offset + at);
    if (length === -errno.EINTR) continue;
    if (length < 0) return length;
    if (length === 0) return -errno.EIO;
    at += length;
  }
  return 0;
}
