/**
 * How a handler answers. Each reply is sent exactly once, at once or later, from the serving thread; answering twice
 * throws. A reply whose caller has gone, or whose connection has ended, is dropped silently.
 */
import type {
  Attr,
  DirectoryEntry,
  Entry,
  IoctlAnswer,
  LockAnswer,
  Opened,
  Statfs,
  StatxAnswer,
} from "../wire/answers.ts";

/** What every request can be answered with. */
export interface Reply {
  readonly answered: boolean;
  /**
   * The request failed.
   *
   * @param errno  positive, below 512. ENOSYS is special: for many requests it tells the kernel never to ask again on
   * this mount
   */
  error(errno: number): void;
}

/** For requests that merely succeed. */
export interface OkReply extends Reply {
  ok(): void;
}

/** For LOOKUP, SYMLINK, MKNOD, MKDIR and LINK. */
export interface EntryReply extends Reply {
  entry(entry: Entry): void;
}

/** For GETATTR and SETATTR. */
export interface AttrReply extends Reply {
  /** @param valid  seconds the kernel may keep the attributes; default 0 */
  attr(attr: Attr, valid?: number): void;
}

/** For STATX. */
export interface StatxReply extends Reply {
  statx(answer: StatxAnswer, valid?: number): void;
}

/** For OPEN and OPENDIR. */
export interface OpenReply extends Reply {
  opened(opened?: Opened): void;
}

/** For CREATE and TMPFILE. */
export interface CreateReply extends Reply {
  created(entry: Entry, opened?: Opened): void;
}

/** For READLINK and other plain bytes. */
export interface DataReply extends Reply {
  /** The payload, in pieces. They may be changed as soon as this returns. */
  data(...pieces: readonly Uint8Array[]): void;
}

/** For READ. Fewer bytes than asked for mean the end of the file; a mapped page beyond them reads zeros. */
export interface ReadReply extends DataReply {
  /**
   * The server's own page-aligned buffer, to be filled in place: the fastest way, made for `preadRaw(fd,
   * reply.buffer(n), n, offset)`.
   *
   * There is one such buffer: fill it and call {@link send} in the same step, before anything else is answered. Answers
   * that come later are fine, as long as both calls are then made together.
   *
   * @param size  bytes, not more than the request asks for
   */
  buffer(size: number): Uint8Array;
  /** Address of the first byte of {@link buffer}, for calls that fill it from the middle. */
  readonly bufferAddress: number;
  /** Sends the first `length` bytes of {@link buffer}. */
  send(length: number): void;
  /**
   * Begins a payload that is put together from files by splice(2): the kernel copies it once, from the page cache of the
   * files into that of the mount. The fastest way for runs of many pages.
   *
   * There is one such payload. As with {@link buffer}, fill it and call {@link sendSpliced} in the same step; to answer in
   * another way after all is fine, too.
   *
   * @param length  bytes of the payload
   * @returns undefined when it cannot be made for so much
   */
  splice(length: number): FileBytes | undefined;
  /**
   * Sends what was added, which must be as much as was announced.
   *
   * @returns 0, or -errno when the kernel could not take it: it then has given the caller EIO
   */
  sendSpliced(): number;
}

/** A payload that is put together from files. */
export interface FileBytes {
  /** Appends bytes of a file. @returns false when that cannot be done: answer in another way */
  add(fd: number, offset: number, length: number): boolean;
}

/** For WRITE and COPY_FILE_RANGE. */
export interface WriteReply extends Reply {
  written(bytes: number): void;
}

/** For STATFS. */
export interface StatfsReply extends Reply {
  statfs(statfs: Statfs): void;
}

/** For GETXATTR and LISTXATTR. */
export interface XattrReply extends Reply {
  /**
   * The value, or the names each with a NUL. A caller that asked for the size (0) gets that, one whose room is too
   * small gets ERANGE: handlers need not care.
   */
  value(value: Uint8Array): void;
}

/** For READDIR and READDIRPLUS. */
export interface DirectoryReply extends Reply {
  /**
   * Appends an entry, for READDIRPLUS with what a LOOKUP of it would answer.
   *
   * @returns false when there is no room for it: send what there is
   */
  add(entry: DirectoryEntry, plus?: Entry): boolean;
  /** Sends the entries; none mean the end. */
  send(): void;
}

/** For GETLK. */
export interface LockReply extends Reply {
  lock(lock: LockAnswer): void;
}

/** For BMAP (block) and LSEEK (offset). */
export interface NumberReply extends Reply {
  number(value: number): void;
}

/** For POLL. */
export interface PollReply extends Reply {
  /** @param revents  POLLIN and the like */
  poll(revents: number): void;
}

/** For IOCTL. */
export interface IoctlReply extends Reply {
  ioctl(answer: IoctlAnswer): void;
}
