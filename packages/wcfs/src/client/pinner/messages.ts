/** What the thread that uses a view and its pinner tell each other. */
import type { MessagePort } from "node:worker_threads";
import type { Oid, Tid } from "@belay/zodb";

/** What the pinner is started with. */
export interface PinnerData {
  readonly port: MessagePort;
  /** An eventfd: there is something to be taken in. */
  readonly wakeFd: number;
  /** Words of `control`. */
  readonly control: Int32Array;
}

/** Word of `control`: not 0 when the pinner has to leave all links and end. */
export const STOP = 0;
/** Word of `control`: not 0 when it has left them. */
export const STOPPED = 1;

/** The blocks `start` to `stop`, without the last, of a file. */
export interface BlockRange {
  readonly start: number;
  readonly stop: number;
}

/** How the blocks of a range are to be read: those pinned at their revision, those before the end from head, the others are zeros. */
export interface Layout {
  /** Of the file's `version` word when this was so. */
  readonly version: number;
  /** Bytes of the file as they are to be seen, a multiple of the block size. */
  readonly headSize: number;
  readonly pinned: readonly (readonly [blk: number, rev: Tid])[];
}

/** Where to find a file of a connection. */
interface FileAddress {
  readonly oid: Oid;
}

/** Orders, by name: what they take, and what they answer. */
export interface Orders {
  /** A watch link has been opened; the pinner has it from now on, closes it, too. */
  link: {
    args: {
      readonly fd: number;
      /** Everything of the mount lies below. */
      readonly mountpoint: string;
      readonly at: Tid;
      /** From the thread that reads the link; undefined: the link can be polled. */
      readonly reader: MessagePort | undefined;
    };
    result: undefined;
  };
  /** Watches a file whose head is open. Answered when the server has set the watch up. */
  open: {
    args: FileAddress & {
      readonly headFd: number;
      readonly blksize: number;
      readonly headSize: number;
      /** One word that is counted up with every change of the file's layout. */
      readonly version: Int32Array;
    };
    result: undefined;
  };
  /** Stops to watch; the mappings of the file read zeros then. */
  closeFile: { args: FileAddress; result: undefined };
  /** Maps blocks over memory that has been reserved, and is all zeros. */
  map: {
    args: FileAddress & {
      readonly mapping: number;
      readonly address: number;
      readonly range: BlockRange;
      /** One word: not 0 when the memory shows the file no longer. */
      readonly faulted: Int32Array;
    };
    result: undefined;
  };
  /** Lets the memory read zeros and never touches it again. */
  unmap: { args: FileAddress & { readonly mapping: number }; result: undefined };
  layout: { args: FileAddress & { readonly range: BlockRange }; result: Layout };
  /** Moves to a later moment. @see Conn.resync */
  advance: {
    args: { readonly at: Tid; readonly files: readonly (FileAddress & { readonly headSize: number })[] };
    result: undefined;
  };
  /** Leaves the link. Answered when the server has closed it. */
  leave: { args: object; result: undefined };
}

/** One order. */
export type Order<K extends keyof Orders = keyof Orders> = {
  [Kind in K]: {
    readonly id: number;
    readonly kind: Kind;
    readonly conn: number;
    readonly args: Orders[Kind]["args"];
  };
}[K];

/** An error on its way from the pinner. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** From the pinner. */
export type Report =
  | { readonly kind: "done"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly error: Failure }
  /** The view cannot be kept still any more; all mappings of the connection read zeros. */
  | { readonly kind: "down"; readonly conn: number; readonly error: Failure };

/** From the thread that reads a link. */
export type LinkNews =
  | { readonly kind: "data"; readonly bytes: Uint8Array }
  /** The descriptor is closed. `error`: the errno name; undefined: the server has closed the link. */
  | { readonly kind: "end"; readonly error: string | undefined };
