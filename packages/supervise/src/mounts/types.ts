import type { ProcProcess } from "../proc/types.ts";

/** One line of mountinfo, proc_pid_mountinfo(5). */
export interface MountEntry {
  readonly id: number;
  readonly parentId: number;
  readonly major: number;
  readonly minor: number;
  /** As `st_dev` of what lies in it: makedev(3) of both. */
  readonly dev: number;
  /** What of the file system is seen here; `/` for all of it. */
  readonly root: Buffer;
  readonly point: Buffer;
  readonly options: readonly string[];
  /** Optional fields: `shared` → `"12"`; fields without value → true. */
  readonly tags: ReadonlyMap<string, string | true>;
  /** Such as `fuse.wcfs`. */
  readonly fstype: string;
  readonly source: Buffer;
  readonly superOptions: readonly string[];
  /** The line itself, octal escapes as they are. */
  readonly line: string;
}

/** A process that would be disturbed by the mount going away. */
export interface MountUser {
  readonly process: ProcProcess;
  /** `cwd`, `exe`, `root`, `fd/N`, `mmap/ADDR` → path. */
  readonly uses: ReadonlyMap<string, Buffer>;
}
