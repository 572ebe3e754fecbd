import {
  openat2,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from "@belay/linux";

/** Rules under which every directory of the destination is opened. */
export const beneath = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

/** Opens a directory by its name in another, whatever anybody puts there meanwhile. */
export function openDirectoryAt(dirfd: number, name: Buffer): number {
  return openat2(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, beneath);
}
