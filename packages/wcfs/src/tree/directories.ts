import { ErrnoError, errno } from "@belay/linux";
import type { Oid, Tid } from "@belay/zodb";
import type { BigFile, FileSpace } from "../files/big-file.ts";
import type { Answer, Attributes, Directory, TreeNode } from "./node.ts";

const DIRECTORY = 0o040000;

/** What a fixed directory is made with. */
export interface FixedDirectoryInit {
  readonly permissions: number;
  readonly children: Readonly<Record<string, TreeNode>>;
  /** Children that are there for who knows their name, and are not listed. */
  readonly unlisted?: Readonly<Record<string, TreeNode>>;
  /** Of the transaction that is the directory's mtime; a function if it moves; default 1970. */
  readonly time?: Tid | (() => Tid);
}

/** A directory whose children are always the same. */
export class FixedDirectory implements Directory {
  readonly kind = "directory";
  readonly id: number;
  references = 0;
  readonly #permissions: number;
  readonly #children: ReadonlyMap<string, TreeNode>;
  readonly #unlisted: ReadonlyMap<string, TreeNode>;
  readonly #time: Tid | (() => Tid);

  constructor(id: number, { permissions, children, unlisted = {}, time = 0n }: FixedDirectoryInit) {
    this.id = id;
    this.#permissions = permissions;
    this.#children = new Map(Object.entries(children));
    this.#unlisted = new Map(Object.entries(unlisted));
    this.#time = time;
  }

  attributes(): Attributes {
    if (typeof this.#time !== "function") return directoryAttributes(this.#permissions, this.#time);
    return { ...directoryAttributes(this.#permissions, this.#time()), stable: false };
  }

  lookup(name: string, answer: Answer<TreeNode>): void {
    const child = this.#children.get(name) ?? this.#unlisted.get(name);
    if (child === undefined) answer.refuse(errno.ENOENT);
    else answer.give(child);
  }

  entries(): Iterable<readonly [string, TreeNode]> {
    return this.#children;
  }
}

/** `bigfile/`: the files of head or of a revision, by the oid of their ZBigFile object. */
export class FilesDirectory implements Directory {
  readonly kind = "directory";
  readonly id: number;
  references = 0;
  readonly #space: FileSpace;

  constructor(id: number, space: FileSpace) {
    this.id = id;
    this.#space = space;
  }

  attributes(): Attributes {
    return directoryAttributes(0o755, 0n);
  }

  lookup(name: string, answer: Answer<TreeNode>): void {
    const oid = parseHex16(name);
    if (oid === undefined) throw new ErrnoError(errno.EINVAL, "lookup", name);
    answer.give(this.#space.lookup(oid, name));
  }

  /** Those the kernel refers to; they are shown as they were named first. */
  *entries(): Iterable<readonly [string, BigFile]> {
    for (const file of this.#space.files()) if (file.references > 0) yield [file.name, file];
  }
}

/** Sixteen hexadecimal digits of either case, and nothing else. */
export function parseHex16(name: string): Oid | undefined {
  return /^[0-9a-fA-F]{16}$/.test(name) ? BigInt(`0x${name}`) : undefined;
}

/** What stat(2) tells of a directory. */
export function directoryAttributes(permissions: number, time: Tid): Attributes {
  return { mode: DIRECTORY | permissions, size: 0, blksize: 0, time, stable: true };
}
