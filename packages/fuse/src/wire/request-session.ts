/** Requests about the connection, and those of virtiofs' shared memory. */
import type { Message } from "./message.ts";
import { argumentsStart as A, Request } from "./request.ts";

/** INIT: the kernel says what it can. */
export class InitRequest extends Request {
  readonly major: number;
  readonly minor: number;
  /** Bytes. */
  readonly maxReadahead: number;
  /** What the kernel offers: the FUSE_… flags of INIT. */
  readonly flags: bigint;

  constructor(message: Message) {
    super(message);
    message.need(8);
    this.major = message.uint32(A);
    this.minor = message.uint32(A + 4);
    const old = message.end < A + 16;
    this.maxReadahead = old ? 0 : message.uint32(A + 8);
    const low = old ? 0 : message.uint32(A + 12);
    const extended = (low & (1 << 30)) !== 0 && message.end >= A + 20;
    this.flags = (BigInt(extended ? message.uint32(A + 16) : 0) << 32n) | BigInt(low);
  }
}

/** INTERRUPT: a signal reached the caller of another request. */
export class InterruptRequest extends Request {
  /** Number of that other request, as {@link Request.unique}. */
  readonly target: number;

  constructor(message: Message) {
    super(message);
    message.need(8);
    this.target = (message.uint32(A + 4) & 0x7fff_ffff) * 0x1_0000_0000 + message.uint32(A);
  }
}

/** NOTIFY_REPLY: the pages a RETRIEVE asked for; never answered. Its number is the one the RETRIEVE gave. */
export class NotifyReplyRequest extends Request {
  readonly offset: number;
  /**
   * What was cached, from `offset` up to the first page that was not. In the server's own buffer: gone when the handler
   * returns.
   */
  readonly data: Uint8Array;

  constructor(message: Message) {
    super(message);
    message.need(40);
    this.offset = message.uint64(A + 8);
    this.data = message.window(A + 40, message.uint32(A + 16));
  }
}

/** SETUPMAPPING (virtiofs). */
export class SetupMappingRequest extends Request {
  readonly fh: number;
  readonly fileOffset: number;
  readonly length: number;
  readonly flags: number;
  readonly memoryOffset: number;

  constructor(message: Message) {
    super(message);
    message.need(40);
    this.fh = message.uint64(A);
    this.fileOffset = message.uint64(A + 8);
    this.length = message.uint64(A + 16);
    this.flags = message.uint64(A + 24);
    this.memoryOffset = message.uint64(A + 32);
  }
}

/** REMOVEMAPPING (virtiofs). */
export class RemoveMappingRequest extends Request {
  readonly mappings: readonly { readonly memoryOffset: number; readonly length: number }[];

  constructor(message: Message) {
    super(message);
    message.need(4);
    const count = message.uint32(A);
    // The array follows the count without padding, so its 64-bit fields are only aligned to 4.
    message.need(4 + 16 * count);
    this.mappings = Array.from({ length: count }, (_, index) => {
      const at = A + 4 + 16 * index;
      return { memoryOffset: message.uint64(at), length: message.uint64(at + 8) };
    });
  }
}
