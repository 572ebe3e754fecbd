/** Requests about open files and directories. */
import { FUSE_READ_LOCKOWNER, FUSE_WRITE_LOCKOWNER } from "./flags.ts";
import type { Message } from "./message.ts";
import { argumentsStart as A, Request } from "./request.ts";

/** OPEN and OPENDIR. */
export class OpenRequest extends Request {
  /** O_…, without O_CREAT, O_EXCL and O_NOCTTY. */
  readonly flags: number;
  readonly openFlags: number;

  constructor(message: Message) {
    super(message);
    message.need(8);
    this.flags = message.uint32(A);
    this.openFlags = message.uint32(A + 4);
  }
}

/** READ, READDIR and READDIRPLUS. */
export class ReadRequest extends Request {
  readonly fh: number;
  /**
   * Exact below 2^53; see {@link offsetExact}. For directories: the `offset` of the last entry that was taken, 0 at the
   * start.
   */
  readonly offset: number;
  /** Most bytes the reply may have. */
  readonly size: number;
  readonly lockOwner: bigint | undefined;
  /** O_… of the open file. */
  readonly flags: number;
  readonly #offsetLow: number;
  readonly #offsetHigh: number;

  constructor(message: Message) {
    super(message);
    message.need(40);
    this.fh = message.uint64(A);
    this.#offsetLow = message.uint32(A + 8);
    this.#offsetHigh = message.uint32(A + 12);
    this.offset = this.#offsetHigh * 0x1_0000_0000 + this.#offsetLow;
    this.size = message.uint32(A + 16);
    this.lockOwner = (message.uint32(A + 20) & FUSE_READ_LOCKOWNER) !== 0 ? message.bigUint64(A + 24) : undefined;
    this.flags = message.uint32(A + 32);
  }

  /** The offset with all its 64 bits. */
  get offsetExact(): bigint {
    return (BigInt(this.#offsetHigh) << 32n) | BigInt(this.#offsetLow);
  }
}

/** WRITE. */
export class WriteRequest extends Request {
  readonly fh: number;
  /** Exact below 2^53; files cannot be larger than 2^63. */
  readonly offset: number;
  /** FUSE_WRITE_… */
  readonly writeFlags: number;
  readonly lockOwner: bigint | undefined;
  /** O_… of the open file. */
  readonly flags: number;
  /**
   * The bytes, in the server's own buffer: they are gone when the handler returns. A handler that answers later copies
   * them.
   */
  readonly data: Uint8Array;

  constructor(message: Message) {
    super(message);
    message.need(40);
    this.fh = message.uint64(A);
    this.offset = message.uint64(A + 8);
    this.writeFlags = message.uint32(A + 20);
    this.lockOwner = (this.writeFlags & FUSE_WRITE_LOCKOWNER) !== 0 ? message.bigUint64(A + 24) : undefined;
    this.flags = message.uint32(A + 32);
    this.data = message.window(A + 40, message.uint32(A + 16));
  }
}

/** RELEASE and RELEASEDIR: the last reference to an open file is gone. */
export class ReleaseRequest extends Request {
  readonly fh: number;
  readonly flags: number;
  /** FUSE_RELEASE_… */
  readonly releaseFlags: number;
  readonly lockOwner: bigint;

  constructor(message: Message) {
    super(message);
    message.need(24);
    this.fh = message.uint64(A);
    this.flags = message.uint32(A + 8);
    this.releaseFlags = message.uint32(A + 12);
    this.lockOwner = message.bigUint64(A + 16);
  }
}

/** FLUSH: one descriptor of an open file was closed. */
export class FlushRequest extends Request {
  readonly fh: number;
  readonly lockOwner: bigint;

  constructor(message: Message) {
    super(message);
    message.need(24);
    this.fh = message.uint64(A);
    this.lockOwner = message.bigUint64(A + 16);
  }
}

/** FSYNC and FSYNCDIR. */
export class FsyncRequest extends Request {
  readonly fh: number;
  /** FUSE_FSYNC_FDATASYNC or 0. */
  readonly flags: number;

  constructor(message: Message) {
    super(message);
    message.need(16);
    this.fh = message.uint64(A);
    this.flags = message.uint32(A + 8);
  }
}

/** FALLOCATE. */
export class FallocateRequest extends Request {
  readonly fh: number;
  readonly offset: number;
  readonly length: number;
  /** FALLOC_FL_… */
  readonly mode: number;

  constructor(message: Message) {
    super(message);
    message.need(32);
    this.fh = message.uint64(A);
    this.offset = message.uint64(A + 8);
    this.length = message.uint64(A + 16);
    this.mode = message.uint32(A + 24);
  }
}

/** LSEEK, for SEEK_DATA and SEEK_HOLE. */
export class LseekRequest extends Request {
  readonly fh: number;
  readonly offset: number;
  readonly whence: number;

  constructor(message: Message) {
    super(message);
    message.need(24);
    this.fh = message.uint64(A);
    this.offset = message.uint64(A + 8);
    this.whence = message.uint32(A + 16);
  }
}

/** COPY_FILE_RANGE and COPY_FILE_RANGE_64. `nodeid` is the source. */
export class CopyFileRangeRequest extends Request {
  readonly fh: number;
  readonly offset: number;
  readonly targetNodeid: number;
  readonly targetFh: number;
  readonly targetOffset: number;
  readonly length: number;
  readonly flags: number;

  constructor(message: Message) {
    super(message);
    message.need(56);
    this.fh = message.uint64(A);
    this.offset = message.uint64(A + 8);
    this.targetNodeid = message.uint64(A + 16);
    this.targetFh = message.uint64(A + 24);
    this.targetOffset = message.uint64(A + 32);
    this.length = message.uint64(A + 40);
    this.flags = message.uint64(A + 48);
  }
}

/** BMAP, of mounts on block devices. */
export class BmapRequest extends Request {
  readonly block: number;
  readonly blockSize: number;

  constructor(message: Message) {
    super(message);
    message.need(16);
    this.block = message.uint64(A);
    this.blockSize = message.uint32(A + 8);
  }
}

/** IOCTL. */
export class IoctlRequest extends Request {
  readonly fh: number;
  /** FUSE_IOCTL_… */
  readonly flags: number;
  readonly command: number;
  readonly argument: bigint;
  /** Most bytes the reply may have. */
  readonly outSize: number;
  /** A copy of the caller's bytes. */
  readonly input: Buffer;

  constructor(message: Message) {
    super(message);
    message.need(32);
    this.fh = message.uint64(A);
    this.flags = message.uint32(A + 8);
    this.command = message.uint32(A + 12);
    this.argument = message.bigUint64(A + 16);
    this.outSize = message.uint32(A + 28);
    this.input = Buffer.from(message.window(A + 32, message.uint32(A + 24)));
  }
}

/** POLL. */
export class PollRequest extends Request {
  readonly fh: number;
  /** Kernel's number of the file, for the POLL notification. */
  readonly kernelHandle: bigint;
  /** FUSE_POLL_SCHEDULE_NOTIFY or 0. */
  readonly flags: number;
  readonly events: number;

  constructor(message: Message) {
    super(message);
    message.need(24);
    this.fh = message.uint64(A);
    this.kernelHandle = message.bigUint64(A + 8);
    this.flags = message.uint32(A + 16);
    this.events = message.uint32(A + 20);
  }
}

/** A record lock as the protocol carries it. */
export interface FileLock {
  readonly start: bigint;
  /** Last byte, 2^63 - 1 for the end of the file. */
  readonly end: bigint;
  /** F_RDLCK, F_WRLCK or F_UNLCK. */
  readonly type: number;
  readonly pid: number;
}

/** GETLK, SETLK and SETLKW. */
export class LockRequest extends Request {
  readonly fh: number;
  readonly owner: bigint;
  readonly lock: FileLock;
  /** FUSE_LK_FLOCK or 0. */
  readonly flags: number;

  constructor(message: Message) {
    super(message);
    message.need(48);
    this.fh = message.uint64(A);
    this.owner = message.bigUint64(A + 8);
    this.lock = {
      start: message.bigUint64(A + 16),
      end: message.bigUint64(A + 24),
      type: message.uint32(A + 32),
      pid: message.uint32(A + 36),
    };
    this.flags = message.uint32(A + 40);
  }
}
