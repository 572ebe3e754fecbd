/** Requests about names in directories. */
import type { Message } from "./message.ts";
import { argumentsStart as A, Request } from "./request.ts";

/** LOOKUP, and the other requests whose only argument is a name: UNLINK, RMDIR. `nodeid` is the directory. */
export class NameRequest extends Request {
  readonly name: Buffer;

  constructor(message: Message) {
    super(message);
    this.name = message.name(A);
  }
}

/** SYMLINK. `nodeid` is the directory. */
export class SymlinkRequest extends Request {
  readonly name: Buffer;
  readonly target: Buffer;
  /** Security contexts and groups, if they were negotiated; undecoded. */
  readonly extensions: Buffer;

  constructor(message: Message) {
    super(message);
    this.name = message.name(A);
    this.target = message.name(A + this.name.length + 1);
    this.extensions = message.extensions();
  }
}

/** MKNOD. `nodeid` is the directory. */
export class MknodRequest extends Request {
  readonly mode: number;
  /** Device number, 12 + 20 bits, as the kernel's new_encode_dev packs it. */
  readonly rdev: number;
  readonly umask: number;
  readonly name: Buffer;
  readonly extensions: Buffer;

  constructor(message: Message) {
    super(message);
    message.need(16);
    this.mode = message.uint32(A);
    this.rdev = message.uint32(A + 4);
    this.umask = message.uint32(A + 8);
    this.name = message.name(A + 16);
    this.extensions = message.extensions();
  }
}

/** MKDIR. `nodeid` is the directory. */
export class MkdirRequest extends Request {
  readonly mode: number;
  readonly umask: number;
  readonly name: Buffer;
  readonly extensions: Buffer;

  constructor(message: Message) {
    super(message);
    message.need(8);
    this.mode = message.uint32(A);
    this.umask = message.uint32(A + 4);
    this.name = message.name(A + 8);
    this.extensions = message.extensions();
  }
}

/** CREATE and TMPFILE (whose name is `/`-less and meaningless). `nodeid` is the directory. */
export class CreateRequest extends Request {
  readonly flags: number;
  readonly mode: number;
  readonly umask: number;
  readonly openFlags: number;
  readonly name: Buffer;
  readonly extensions: Buffer;

  constructor(message: Message) {
    super(message);
    message.need(16);
    this.flags = message.uint32(A);
    this.mode = message.uint32(A + 4);
    this.umask = message.uint32(A + 8);
    this.openFlags = message.uint32(A + 12);
    this.name = message.name(A + 16);
    this.extensions = message.extensions();
  }
}

/** RENAME and RENAME2. `nodeid` is the old directory. */
export class RenameRequest extends Request {
  readonly newDirectory: number;
  /** RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT; 0 for RENAME. */
  readonly flags: number;
  readonly name: Buffer;
  readonly newName: Buffer;

  constructor(message: Message, hasFlags: boolean) {
    super(message);
    const size = hasFlags ? 16 : 8;
    message.need(size);
    this.newDirectory = message.uint64(A);
    this.flags = hasFlags ? message.uint32(A + 8) : 0;
    this.name = message.name(A + size);
    this.newName = message.name(A + size + this.name.length + 1);
  }
}

/** LINK: another name for `target`. `nodeid` is the directory of the new name. */
export class LinkRequest extends Request {
  readonly target: number;
  readonly name: Buffer;

  constructor(message: Message) {
    super(message);
    message.need(8);
    this.target = message.uint64(A);
    this.name = message.name(A + 8);
  }
}

/** One node of FORGET or BATCH_FORGET. */
export interface Forget {
  readonly nodeid: number;
  /** By how much the node's lookup count goes down: it was raised by each entry that was answered. */
  readonly lookups: number;
}

/** FORGET and BATCH_FORGET; never answered. */
export class ForgetRequest extends Request {
  readonly forgets: readonly Forget[];

  constructor(message: Message, batch: boolean) {
    super(message);
    message.need(8);
    this.forgets = batch ? forgetsOf(message) : [{ nodeid: this.nodeid, lookups: message.uint64(A) }];
  }
}

function forgetsOf(message: Message): Forget[] {
  const count = message.uint32(A);
  message.need(8 + 16 * count);
  const forgets: Forget[] = [];
  for (let index = 0; index < count; index++) {
    const at = A + 8 + 16 * index;
    forgets.push({ nodeid: message.uint64(at), lookups: message.uint64(at + 8) });
  }
  return forgets;
}
