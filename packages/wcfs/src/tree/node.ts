import type { Tid } from "@belay/zodb";

/** Something the kernel can know by number. */
export interface TreeNode {
  /** Number of the inode, also `st_ino`. Given once, never to another. */
  readonly id: number;
  /** References the kernel has from lookups; raised and lowered by the node table only. */
  references: number;
  attributes(): Attributes;
  /** The kernel knows the node no longer. */
  forgotten?(): void;
}

/** What stat(2) tells of a node. Owner, links and times follow from it for the whole file system. */
export interface Attributes {
  /** Type and permissions. */
  readonly mode: number;
  readonly size: number;
  /** Preferred size of reads; 0: the file system's. */
  readonly blksize: number;
  /** mtime and ctime are the moment of this transaction; 0n: 1970. */
  readonly time: Tid;
  /** false: may change at any moment, the kernel must ask again. */
  readonly stable: boolean;
}

/** Where an answer that may come later goes. Exactly one of give and refuse, once. */
export interface Answer<T> {
  give(value: T): void;
  /** @param error an errno number */
  refuse(error: number): void;
  /** Whom the request belongs to: a thread id in the server's pid namespace, 0 for one outside it. */
  readonly pid: number;
  /** Called when the caller does not want to wait any more; the answer is still due. */
  onInterrupt(callback: () => void): void;
}

/** A directory. */
export interface Directory extends TreeNode {
  readonly kind: "directory";
  /** Finds a child by name, perhaps later. Errors other than ErrnoError count as EIO. */
  lookup(name: string, answer: Answer<TreeNode>): void;
  /** What readdir(3) lists; `.` and `..` are not told. */
  entries(): Iterable<readonly [name: string, node: TreeNode]>;
}

/** How the kernel is to treat an open file. */
export interface OpenMode {
  /** Keep what is cached of it from before. */
  readonly keepCache?: boolean;
  /** No caching: each read(2) arrives as it is. */
  readonly direct?: boolean;
}

/** A file whose bytes are produced when it is read. */
export interface SmallFile extends TreeNode {
  readonly kind: "file";
  readonly mode: OpenMode;
  /** All of it. */
  content(): Buffer;
}

/** A file that is another conversation each time it is opened. */
export interface StreamFile extends TreeNode {
  readonly kind: "stream";
  /** @param pid the opening thread */
  open(pid: number): Stream;
}

/** One conversation. */
export interface Stream {
  /** Gives what there is, at most `size` bytes, later if there is nothing yet; nothing at all at the end. */
  read(size: number, answer: Answer<Uint8Array>): void;
  /** Whether a read would be answered at once. */
  isReadable(): boolean;
  /** Calls back once, when that may have become so. */
  whenReadable(callback: () => void): void;
  /** @throws ErrnoError */
  write(data: Uint8Array): void;
  /** The last reference to the open file is gone. */
  close(): void;
}
