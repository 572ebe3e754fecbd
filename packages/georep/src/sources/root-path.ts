import { FixedMemory, lookAtFile, lookAtPath, looked } from "@belay/linux";

import { pathOf } from "./path-of.ts";

/** A path, and what was there. */
interface Known {
  readonly path: Buffer;
  /** With a NUL byte. */
  readonly cPath: FixedMemory;
  readonly identity: string;
}

/** Where a tree's root is, for those who ask often: it is only asked for anew when the root is not there any more. */
export class RootPath {
  readonly #root: number;
  #known: Known | undefined;

  /** @param root  the directory, open */
  constructor(root: number) {
    this.#root = root;
  }

  /**
   * A path to it now, but maybe not the one that the kernel tells: the root is still seen at the older one when a directory above it was moved and a
   * link was left there.
   *
   * @throws errno errors, as {@link anew}
   */
  now(): Buffer {
    return this.#known !== undefined && isStillThere(this.#known) ? this.#known.path : this.anew();
  }

  /** Its path as the kernel tells it now. @throws errno errors of looking for the names of a long one */
  anew(): Buffer {
    const path = pathOf(this.#root);
    this.#known = knownAt(this.#root, path);
    return path;
  }
}

// The same directory may be seen through several mounts: each gives other paths.
const isStillThere = ({ cPath, identity }: Known): boolean => lookAtPath(cPath) === 0 && looked.identity === identity;

function knownAt(root: number, path: Buffer): Known | undefined {
  const identity = lookAtFile(root) === 0 ? looked.identity : undefined;
  if (identity === undefined) return undefined;
  const cPath = new FixedMemory(path.length + 1);
  cPath.bytes.set(path);
  return { path, cPath, identity };
}
