/** Requests about attributes and extended attributes. */
import { FATTR_FH, FATTR_LOCKOWNER, FUSE_GETATTR_FH } from "./flags.ts";
import type { Message } from "./message.ts";
import { argumentsStart as A, Request } from "./request.ts";
import type { Timestamp } from "./timestamp.ts";

/** GETATTR. */
export class GetattrRequest extends Request {
  /** Undefined when the caller asks by path. */
  readonly fh: number | undefined;

  constructor(message: Message) {
    super(message);
    message.need(16);
    this.fh = (message.uint32(A) & FUSE_GETATTR_FH) !== 0 ? message.uint64(A + 8) : undefined;
  }
}

/** STATX. */
export class StatxRequest extends Request {
  readonly fh: number | undefined;
  /** AT_STATX_…, and STATX_…: what is wanted. */
  readonly flags: number;
  readonly mask: number;

  constructor(message: Message) {
    super(message);
    message.need(24);
    this.fh = (message.uint32(A) & FUSE_GETATTR_FH) !== 0 ? message.uint64(A + 8) : undefined;
    this.flags = message.uint32(A + 16);
    this.mask = message.uint32(A + 20);
  }
}

/** SETATTR: chmod, chown, truncate, utimes. Only the fields whose bit is in `valid` are meant. */
export class SetattrRequest extends Request {
  /** FATTR_… */
  readonly valid: number;
  readonly fh: number | undefined;
  readonly size: number;
  readonly lockOwner: bigint | undefined;
  readonly atime: Timestamp;
  readonly mtime: Timestamp;
  readonly ctime: Timestamp;
  readonly mode: number;
  readonly newUid: number;
  readonly newGid: number;

  constructor(message: Message) {
    super(message);
    message.need(88);
    this.valid = message.uint32(A);
    this.fh = (this.valid & FATTR_FH) !== 0 ? message.uint64(A + 8) : undefined;
    this.size = message.uint64(A + 16);
    this.lockOwner = (this.valid & FATTR_LOCKOWNER) !== 0 ? message.bigUint64(A + 24) : undefined;
    this.atime = { sec: message.int64(A + 32), nsec: message.uint32(A + 56) };
    this.mtime = { sec: message.int64(A + 40), nsec: message.uint32(A + 60) };
    this.ctime = { sec: message.int64(A + 48), nsec: message.uint32(A + 64) };
    this.mode = message.uint32(A + 68);
    this.newUid = message.uint32(A + 76);
    this.newGid = message.uint32(A + 80);
  }
}

/** SETXATTR. */
export class SetxattrRequest extends Request {
  /** XATTR_CREATE, XATTR_REPLACE or 0. */
  readonly flags: number;
  /** FUSE_SETXATTR_ACL_KILL_SGID, if SETXATTR_EXT was negotiated. */
  readonly setxattrFlags: number;
  readonly name: Buffer;
  /** A copy. */
  readonly value: Buffer;

  constructor(message: Message, extended: boolean) {
    super(message);
    const size = extended ? 16 : 8;
    message.need(size);
    const length = message.uint32(A);
    this.flags = message.uint32(A + 4);
    this.setxattrFlags = extended ? message.uint32(A + 8) : 0;
    this.name = message.name(A + size);
    this.value = Buffer.from(message.window(A + size + this.name.length + 1, length));
  }
}

/** GETXATTR. */
export class GetxattrRequest extends Request {
  /** Bytes the caller has room for; 0 asks how many are needed. */
  readonly size: number;
  readonly name: Buffer;

  constructor(message: Message) {
    super(message);
    message.need(8);
    this.size = message.uint32(A);
    this.name = message.name(A + 8);
  }
}

/** LISTXATTR. */
export class ListxattrRequest extends Request {
  /** Bytes the caller has room for; 0 asks how many are needed. */
  readonly size: number;

  constructor(message: Message) {
    super(message);
    message.need(8);
    this.size = message.uint32(A);
  }
}

/** ACCESS. */
export class AccessRequest extends Request {
  /** R_OK, W_OK, X_OK; 0 asks for existence. */
  readonly mask: number;

  constructor(message: Message) {
    super(message);
    message.need(8);
    this.mask = message.uint32(A);
  }
}
