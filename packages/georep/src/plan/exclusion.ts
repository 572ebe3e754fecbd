import { keyOf, type FileId } from "../ids/file-id.ts";
import { excludesNothing, type Excludes } from "../policy/excludes.ts";
import { isBelow, pathOf } from "../sources/path-of.ts";
import type { SourceTree } from "../sources/source-tree.ts";

/** What is left out of one directory. */
export interface Exclusion {
  /** The directory is left out itself, and all in it. */
  readonly isWhole: boolean;
  readonly leavesOut: (name: Buffer, isDirectory: boolean) => boolean;
}

const nothingIsLeftOut: Exclusion = { isWhole: false, leavesOut: () => false };
const slash = Buffer.from("/");

/** Finds out what is left out of directories. Where one is counts, so it holds only for as long as nothing moves: for one plan. */
export class Exclusions {
  readonly #tree: Pick<SourceTree, "root">;
  readonly #excludes: Excludes;
  readonly #known = new Map<string, Exclusion>();

  constructor(tree: Pick<SourceTree, "root">, excludes: Excludes) {
    this.#tree = tree;
    this.#excludes = excludes;
  }

  /** @param fd  the directory, open */
  of(directory: FileId, fd: number): Exclusion {
    if (this.#excludes === excludesNothing) return nothingIsLeftOut;
    const key = keyOf(directory);
    const known = this.#known.get(key) ?? this.#find(fd);
    this.#known.set(key, known);
    return known;
  }

  #find(fd: number): Exclusion {
    const [root, path] = [pathOf(this.#tree.root), pathOf(fd)];
    if (path.equals(root) || !isBelow(path, root)) return { isWhole: false, leavesOut: this.#excludes };
    const below = path.subarray(root.length === 1 ? 1 : root.length + 1);
    const prefix = Buffer.concat([below, slash]);
    return {
      isWhole: this.#excludes(below, true),
      leavesOut: (name, isDirectory) => this.#excludes(Buffer.concat([prefix, name]), isDirectory),
    };
  }
}
