import { newestMinor, oldestMinor, protocolMajor } from "../wire/flags.ts";
import * as flag from "../wire/init-flags.ts";
import type { InitRequest } from "../wire/request-session.ts";

/** What the server asks for in the INIT exchange. */
export interface InitOptions {
  /**
   * Flags wanted, of which those the kernel offers are taken; default {@link defaultInitFlags}. READDIRPLUS is left out
   * for a file system without `readdirplus`.
   */
  readonly flags?: bigint;
  /** Largest WRITE in bytes, a multiple of the page size; default 1 MiB. Also the largest STORE and RETRIEVE. */
  readonly maxWrite?: number;
  /** Pages of the largest request; default 256, above which a system-wide setting (fs.fuse.max_pages_limit) decides. */
  readonly maxPages?: number;
  /** Bytes read ahead; default and at most what the kernel offers. To raise it see `setReadAhead`. */
  readonly maxReadahead?: number;
  /** Requests of the kernel's own making (read-ahead …) under way at a time; default the kernel's 12. */
  readonly maxBackground?: number;
  /** From how many of those on the kernel holds back; default the kernel's 9. */
  readonly congestionThreshold?: number;
  /** Nanoseconds, a power of ten up to 1 s; default 1. */
  readonly timeGranularity?: number;
  /** With FUSE_PASSTHROUGH: file systems that may be stacked on this one. */
  readonly maxStackDepth?: number;
  /** With FUSE_REQUEST_TIMEOUT: seconds after which an unanswered request aborts the connection. */
  readonly requestTimeout?: number;
}

/** The outcome of the INIT exchange. */
export interface Connection {
  /** Kernel's protocol version; the minor one may be newer than this library. */
  readonly kernelMajor: number;
  readonly kernelMinor: number;
  /** What both speak. */
  readonly minor: number;
  /** Flags the kernel offered. */
  readonly offered: bigint;
  /** Flags in force. */
  readonly flags: bigint;
  readonly maxWrite: number;
  readonly maxPages: number;
  readonly maxReadahead: number;
  /** What the kernel offered for that. */
  readonly offeredReadahead: number;
}

/**
 * The flags most servers want. AUTO_INVAL_DATA is not among them: with it any change of mtime drops a file's whole
 * cache. A server whose files change by themselves adds FUSE_EXPLICIT_INVAL_DATA and sends notifications, or adds
 * FUSE_AUTO_INVAL_DATA.
 */
export const defaultInitFlags =
  flag.FUSE_ASYNC_READ |
  flag.FUSE_ATOMIC_O_TRUNC |
  flag.FUSE_BIG_WRITES |
  flag.FUSE_DO_READDIRPLUS |
  flag.FUSE_READDIRPLUS_AUTO |
  flag.FUSE_PARALLEL_DIROPS |
  flag.FUSE_ABORT_ERROR |
  flag.FUSE_MAX_PAGES;

/** Bytes of the largest request for given options. */
export function largestWrite(options: InitOptions): number {
  return options.maxWrite ?? 1 << 20;
}

/** Pages of the largest request for given options. */
export function largestPages(options: InitOptions): number {
  return options.maxPages ?? 256;
}

/** Whether this library can talk to that kernel at all (Linux 5.4 or newer). */
export function isSupported(request: InitRequest): boolean {
  return request.major === protocolMajor && request.minor >= oldestMinor;
}

/** Settles what is in force. */
export function negotiate(request: InitRequest, options: InitOptions, excluded: bigint): Connection {
  const wanted = (options.flags ?? defaultInitFlags) | flag.FUSE_INIT_EXT;
  return {
    kernelMajor: request.major,
    kernelMinor: request.minor,
    minor: Math.min(request.minor, newestMinor),
    offered: request.flags,
    flags: request.flags & wanted & ~excluded,
    maxWrite: largestWrite(options),
    maxPages: largestPages(options),
    maxReadahead: Math.min(options.maxReadahead ?? request.maxReadahead, request.maxReadahead),
    offeredReadahead: request.maxReadahead,
  };
}

/** The payload of the reply to INIT, `struct fuse_init_out`. @returns its bytes */
export function encodeInit(words: Uint32Array, connection: Connection, options: InitOptions): number {
  words.fill(0, 0, 16);
  words[0] = protocolMajor;
  words[1] = connection.minor;
  words[2] = connection.maxReadahead;
  words[3] = Number(connection.flags & 0xffff_ffffn);
  words[4] = (options.maxBackground ?? 0) | ((options.congestionThreshold ?? 0) << 16);
  words[5] = connection.maxWrite;
  words[6] = options.timeGranularity ?? 1;
  words[7] = connection.maxPages;
  words[8] = Number(connection.flags >> 32n);
  words[9] = options.maxStackDepth ?? 0;
  words[10] = options.requestTimeout ?? 0;
  return 64;
}

/** The payload of a reply to an INIT of another major version: ours. @returns its bytes */
export function encodeOtherMajor(words: Uint32Array): number {
  words.fill(0, 0, 16);
  words[0] = protocolMajor;
  words[1] = newestMinor;
  return 64;
}
