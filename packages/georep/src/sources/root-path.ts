import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, statx, STATX_INO, STATX_MNT_ID, type Path } from "@belay/linux";
import { errnoName } from "@belay/supervise";

import { deviceOf } from "../tree/read-object.ts";
import { pathOf } from "./path-of.ts";

/** Where a tree's root is, for those who ask often: it is only asked for anew when the root is not there any more. */
export class RootPath {
  readonly #root: number;
  readonly #identity: string | undefined;
  #known: Buffer | undefined;

  /** @param root  the directory, open */
  constructor(root: number) {
    this.#root = root;
    this.#identity = identityAt(root, "", AT_EMPTY_PATH);
  }

  /** Its path now. @throws errno errors of looking for the names of a long one */
  now(): Buffer {
    if (this.#known === undefined || !this.#isAt(this.#known)) this.#known = pathOf(this.#root);
    return this.#known;
  }

  #isAt(path: Buffer): boolean {
    return this.#identity !== undefined && identityAt(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW) === this.#identity;
  }
}

// The same directory may be seen through several mounts: each gives other paths.
function identityAt(dirfd: number, path: Path, flags: number): string | undefined {
  try {
    const stat = statx(dirfd, path, flags, STATX_INO | STATX_MNT_ID);
    return (stat.mask & STATX_MNT_ID) === 0 ? undefined : `${stat.mountId}:${deviceOf(stat)}:${stat.ino}`;
  } catch (error) {
    if (errnoName(error) === undefined) throw error;
    return undefined;
  }
}
