import type { MountEntry } from "@belay/supervise";

/** A mount as messages name it. */
export function mountText(mount: MountEntry): string {
  return `${mount.point.toString()}  (${mount.major}:${mount.minor})`;
}
