/** A directory of this machine: `file:///path`. */
export interface FileResource {
  readonly scheme: "file";
  /** As it stands in the url; begins with `/`. */
  readonly body: string;
  readonly path: string;
}

/** A Gluster volume: `gluster://host:volume`. */
export interface GlusterResource {
  readonly scheme: "gluster";
  readonly body: string;
  readonly host: string;
  readonly volume: string;
}

/** Something on another machine, reached through ssh: `ssh://[user@]host:<url>`. */
export interface SshResource {
  readonly scheme: "ssh";
  readonly body: string;
  readonly user: string | undefined;
  readonly host: string;
  readonly inner: Resource;
}

/** One end of a replication. */
export type Resource = FileResource | GlusterResource | SshResource;

/**
 * Whether `local` can replicate to `remote`, or (without one) serve as the receiving end itself.
 *
 * A Gluster volume goes with anything, a directory with any receiving end or alone, and ssh is never the near end.
 */
export function canConnect(local: Resource, remote: Resource | undefined): boolean {
  if (local.scheme === "ssh") return false;
  return local.scheme === "gluster" || remote?.scheme !== "gluster";
}
