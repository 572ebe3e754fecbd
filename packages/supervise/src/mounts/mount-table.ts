import { closeSync, openSync, readFileSync } from "node:fs";
import { POLLERR, POLLPRI } from "@belay/linux";
import { BelayError } from "../errors/belay-error.ts";
import { waitForEvents } from "../events/wait-for-events.ts";
import { parseMountinfo } from "./parse-mountinfo.ts";
import type { MountEntry } from "./types.ts";

const mountinfo = "/proc/self/mountinfo";

/**
 * The mounts this process sees, at one moment.
 *
 * Only names are looked at, never what is mounted: a file system whose server hangs cannot hold us up. A mount that was lazily
 * unmounted is not in the table.
 */
export class MountTable {
  readonly #mounts: ReadonlyMap<number, MountEntry>;

  private constructor(mounts: ReadonlyMap<number, MountEntry>) {
    this.#mounts = mounts;
  }

  /** The table as it is now. */
  static read(path: string = mountinfo): MountTable {
    return new MountTable(parseMountinfo(readFileSync(path)));
  }

  /** A table from the bytes of a mountinfo file. */
  static parse(bytes: Buffer): MountTable {
    return new MountTable(parseMountinfo(bytes));
  }

  get(id: number): MountEntry | undefined {
    return this.#mounts.get(id);
  }

  /** In the order of their ids. */
  query(wanted: (mount: MountEntry) => boolean = () => true): MountEntry[] {
    return [...this.#mounts.values()].filter(wanted).sort((a, b) => a.id - b.id);
  }

  /** The mounts on this very point; several when they are stacked. */
  at(point: string | Uint8Array): MountEntry[] {
    const bytes = Buffer.from(point);
    return this.query((mount) => mount.point.equals(bytes));
  }

  /** The mounts on the point and inside it. */
  below(point: string | Uint8Array): MountEntry[] {
    const inside = Buffer.concat([Buffer.from(point), Buffer.from("/")]);
    return this.query(
      (mount) => mount.point.equals(Buffer.from(point)) || mount.point.subarray(0, inside.length).equals(inside),
    );
  }

  /**
   * The one mount on a point.
   *
   * @throws BelayError `ENOMOUNT` for none, `EMOUNTS` for several
   */
  only(point: string | Uint8Array): MountEntry {
    const [mount, second] = this.at(point);
    const name = Buffer.from(point).toString();
    if (mount === undefined) throw new BelayError("ENOMOUNT", `no mount entry for ${name}`, { path: name });
    if (second !== undefined) throw new BelayError("EMOUNTS", `multiple mount entries for ${name}`, { path: name });
    return mount;
  }
}

/** Tells whether something is mounted on the path, by the mount table alone: the path itself is not touched. */
export function isMountpoint(path: string | Uint8Array): boolean {
  return MountTable.read().at(path).length > 0;
}

/**
 * Waits until the mounts are as wanted. The kernel tells each change of the table (poll on mountinfo).
 *
 * @returns what `wanted` returned. @throws the signal's reason
 */
export async function waitForMounts<T>(wanted: (table: MountTable) => T | undefined, signal?: AbortSignal): Promise<T> {
  // Opened before the first look, so that a change after the look is told.
  const fd = openSync(mountinfo, "r");
  try {
    for (;;) {
      const found = wanted(MountTable.read());
      if (found !== undefined) return found;
      await waitForEvents(fd, POLLPRI | POLLERR, signal);
    }
  } finally {
    closeSync(fd);
  }
}
