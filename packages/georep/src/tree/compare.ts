import { closeSync, constants, openSync, readdirSync, readSync } from "node:fs";

import { close, open, O_DIRECTORY, O_NOFOLLOW, O_PATH } from "@belay/linux";

import { keyOf } from "../ids/file-id.ts";
import { isDirectory, isRegular, typeOf, type ObjectState } from "./object-state.ts";
import { pathAt, readObjectAt } from "./read-object.ts";

/** Name of the directory at the top of a replica that holds the state of its sessions; no part of the tree. */
export const stateDirectoryName = ".belay-georep";

/** In what an object differs. */
export type Aspect =
  "missing" | "extra" | "type" | "content" | "mode" | "owner" | "mtime" | "xattrs" | "links" | "device" | "target";

/** One thing that is not equal. */
export interface Difference {
  /** Relative to the roots; empty for the root itself. */
  readonly path: Buffer;
  readonly aspect: Aspect;
  /** What the first tree has, and the second, for people. */
  readonly expected: string;
  readonly found: string;
}

/**
 * Compares two trees completely: names, types, content, modes, owners, mtimes to the nanosecond, extended attributes and ACLs, hard-link
 * groups, device numbers, link targets. Neither follows links.
 *
 * Reads every byte of both, and blocks the thread meanwhile; the trees should be at rest.
 *
 * @returns what differs, in the order of a walk; empty for equal trees
 */
export function compareTrees(first: string | Buffer, second: string | Buffer): Difference[] {
  const comparison = new Comparison();
  comparison.compare(openRoot(first), openRoot(second));
  return comparison.differences;
}

function openRoot(path: string | Buffer): number {
  return open(path, O_PATH | O_DIRECTORY);
}

class Comparison {
  readonly differences: Difference[] = [];
  readonly #groups: readonly [Map<string, string>, Map<string, string>] = [new Map(), new Map()];

  compare(a: number, b: number): void {
    const nothing = Buffer.alloc(0);
    this.#object(nothing, a, b, nothing);
    this.#directory(nothing, a, b);
  }

  // Takes over both descriptors.
  #directory(path: Buffer, a: number, b: number): void {
    try {
      const [inA, inB] = [namesIn(a, path), namesIn(b, path)];
      for (const [key, name] of inA)
        if (inB.has(key)) this.#entry(path, a, b, name);
        else this.#differs(join(path, name), "missing", "there", "not there");
      for (const [key, name] of inB) if (!inA.has(key)) this.#differs(join(path, name), "extra", "not there", "there");
    } finally {
      close(a);
      close(b);
    }
  }

  #entry(directory: Buffer, a: number, b: number, name: Buffer): void {
    const path = join(directory, name);
    if (!this.#object(path, a, b, name)) return;
    const flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
    this.#directory(path, open(pathAt(a, name), flags), open(pathAt(b, name), flags));
  }

  // Tells whether both are directories.
  #object(path: Buffer, a: number, b: number, name: Buffer): boolean {
    const [x, y] = [readObjectAt(a, name), readObjectAt(b, name)];
    if (x === undefined || y === undefined) {
      if (x !== y) this.#differs(path, x ? "missing" : "extra", x ? "there" : "gone", y ? "there" : "gone");
      return false;
    }
    if (typeOf(x.mode) !== typeOf(y.mode)) {
      this.#differs(path, "type", x.mode.toString(8), y.mode.toString(8));
      return false;
    }
    this.#states(path, x, y);
    if (isRegular(x.mode) && !sameContent(pathAt(a, name), pathAt(b, name)))
      this.#differs(path, "content", `${x.size} bytes`, `${y.size} bytes`);
    return isDirectory(x.mode);
  }

  #states(path: Buffer, x: ObjectState, y: ObjectState): void {
    const check = (aspect: Aspect, show: (state: ObjectState) => string) => {
      if (show(x) !== show(y)) this.#differs(path, aspect, show(x), show(y));
    };
    check("mode", ({ mode }) => mode.toString(8));
    check("owner", ({ uid, gid }) => `${uid}:${gid}`);
    check("mtime", ({ mtime }) => `${mtime}`);
    check("device", ({ rdevMajor, rdevMinor }) => `${rdevMajor}:${rdevMinor}`);
    check("target", ({ target }) => target.toString("latin1"));
    check("xattrs", ({ xattrs }) =>
      xattrs.map(({ name, value }) => `${name.toString()}=${value.toString("hex")}`).join(" "),
    );
    if (isDirectory(x.mode)) return;
    const [groupX, groupY] = [groupOf(this.#groups[0], x, path), groupOf(this.#groups[1], y, path)];
    if (groupX !== groupY) this.#differs(path, "links", groupX, groupY);
  }

  #differs(path: Buffer, aspect: Aspect, expected: string, found: string): void {
    this.differences.push({ path, aspect, expected, found });
  }
}

// A group of hard links goes by the first of its names in the walk, which is the same in both trees.
function groupOf(groups: Map<string, string>, { id, nlink }: ObjectState, path: Buffer): string {
  const key = keyOf(id);
  const group = groups.get(key) ?? path.toString("latin1");
  if (nlink > 1) groups.set(key, group);
  return group;
}

function namesIn(fd: number, path: Buffer): Map<string, Buffer> {
  const names = readdirSync(`/proc/self/fd/${fd}`, { encoding: "buffer" }).map((name): [string, Buffer] => [
    keyOf(name),
    name,
  ]);
  const sorted = names.sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(path.length === 0 ? sorted.filter(([name]) => name !== stateDirectoryName) : sorted);
}

function join(directory: Buffer, name: Buffer): Buffer {
  return directory.length === 0 ? name : Buffer.concat([directory, Buffer.from("/"), name]);
}

const chunk = 1024 * 1024;

function sameContent(first: Buffer, second: Buffer): boolean {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  const files = [openSync(first, flags), openSync(second, flags)] as const;
  const [a, b] = [Buffer.allocUnsafe(chunk), Buffer.allocUnsafe(chunk)];
  try {
    for (;;) {
      const [readA, readB] = [readSync(files[0], a), readSync(files[1], b)];
      if (readA !== readB || !a.subarray(0, readA).equals(b.subarray(0, readB))) return false;
      if (readA === 0) return true;
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** A difference as a line of text. */
export function differenceText({ path, aspect, expected, found }: Difference): string {
  return `${JSON.stringify(path.toString())}: ${aspect}: ${expected} / ${found}`;
}
