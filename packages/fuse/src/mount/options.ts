import { MS_NODEV, MS_NOSUID, MS_RDONLY } from "@belay/linux";

/** How a FUSE file system is mounted. */
export interface FuseMountOptions {
  /** What `df` and mountinfo show as the source; default `fuse`. */
  readonly fsname?: string;
  /** Makes the type `fuse.<subtype>`. */
  readonly subtype?: string;
  /** Other users may use the mount. Not being root this needs `user_allow_other` in /etc/fuse.conf. */
  readonly allowOther?: boolean;
  /** The kernel checks permissions by mode, uid and gid. */
  readonly defaultPermissions?: boolean;
  readonly readOnly?: boolean;
  /** Bytes of the largest READ; default no limit but the connection's. */
  readonly maxRead?: number;
  /** File type bits of the root, which must match the mount point; default a directory (0o040000). */
  readonly rootMode?: number;
}

/** The type a mount shows, such as `fuse.wcfs`. */
export function fstypeOf(options: FuseMountOptions): string {
  return options.subtype === undefined ? "fuse" : `fuse.${options.subtype}`;
}

/** The source a mount shows. */
export function sourceOf(options: FuseMountOptions): string {
  return options.fsname ?? "fuse";
}

/** Flags for mount(2). As for users' mounts, set-user-id bits and device nodes mean nothing inside. */
export function mountFlags(options: FuseMountOptions): number {
  return MS_NOSUID | MS_NODEV | (options.readOnly ? MS_RDONLY : 0);
}

/** Data for mount(2). @param fd  of /dev/fuse @param uid  owner of the mount @param gid  owner of the mount */
export function mountData(fd: number, uid: number, gid: number, options: FuseMountOptions): string {
  const rootMode = (options.rootMode ?? 0o040000).toString(8);
  return [`fd=${fd}`, `rootmode=${rootMode}`, `user_id=${uid}`, `group_id=${gid}`, ...sharedOptions(options)].join(",");
}

/** The `-o` argument of fusermount3, which splits it at commas unless a backslash precedes them. */
export function helperOptions(options: FuseMountOptions): string {
  return [
    `fsname=${escapeOption(sourceOf(options))}`,
    ...(options.subtype === undefined ? [] : [`subtype=${escapeOption(options.subtype)}`]),
    ...(options.readOnly ? ["ro"] : []),
    ...sharedOptions(options),
  ].join(",");
}

/** Puts a backslash before each comma and backslash. */
export function escapeOption(value: string): string {
  return value.replace(/[\\,]/g, "\\$&");
}

function sharedOptions(options: FuseMountOptions): string[] {
  return [
    ...(options.allowOther ? ["allow_other"] : []),
    ...(options.defaultPermissions ? ["default_permissions"] : []),
    ...(options.maxRead === undefined ? [] : [`max_read=${options.maxRead}`]),
  ];
}
