import { ownDrafts } from "./own-options.ts";

/** What a value of an option has to be. */
export type Check =
  | { readonly kind: "int" }
  | { readonly kind: "range"; readonly min: number; readonly max: number }
  | { readonly kind: "choice"; readonly of: readonly string[] }
  /** `true` or `false` and nothing else. */
  | { readonly kind: "strict-bool" }
  /** Also `yes`, `no`, `1`, `0`, `on`, `off` in any case. */
  | { readonly kind: "bool" }
  /** Path of a file that can be executed. */
  | { readonly kind: "program" }
  /** Seconds since 1970, not in the year 1970. */
  | { readonly kind: "unix-time" }
  /** Text with rules of its own: throws for a value that cannot be, with a hint. */
  | { readonly kind: "parsed"; readonly parse: (text: string) => unknown }
  | { readonly kind: "any" };

/** One option of a session. */
export interface Option {
  readonly name: string;
  readonly type: "string" | "int" | "bool";
  /** Default, before templates are filled in; undefined: the option has no value until it is set. */
  readonly fallback: string | undefined;
  readonly check: Check;
  /** Whether `config-set` and `config-reset` may change it. */
  readonly configurable: boolean;
  /** Whether `${name}` in its value stands for something. */
  readonly template: boolean;
}

/** An option, as far as it is not like most. */
export type Draft = Partial<Omit<Option, "name">>;

const any: Check = { kind: "any" };
const text = (fallback: string, more: Draft = {}): Draft => ({ fallback, ...more });
const fact: Draft = { fallback: undefined, configurable: false };
const count: Draft = { type: "int", fallback: "1", check: { kind: "int" }, configurable: false };
const int = (fallback: number): Draft => ({ type: "int", fallback: String(fallback), check: { kind: "int" } });
const range = (fallback: number, min: number, max: number): Draft => ({
  ...int(fallback),
  check: { kind: "range", min, max },
});
const bool = (fallback: boolean): Draft => ({ type: "bool", fallback: String(fallback), check: { kind: "bool" } });
const strictBool = (fallback: boolean): Draft => ({ ...bool(fallback), check: { kind: "strict-bool" } });
const choice = (fallback: string, of: readonly string[]): Draft => ({ fallback, check: { kind: "choice", of } });
const program = (fallback: string): Draft => ({ fallback, check: { kind: "program" } });
const filled = (fallback: string): Draft => ({ fallback, template: true });
const fixed = (fallback: string): Draft => ({ fallback, template: true, configurable: false });

const level = choice("INFO", ["ERROR", "INFO", "WARNING", "DEBUG"]);
const names = "${primary}_${primary_secondary_host}_${secondaryvol}";
const state = `\${glusterd_workdir}/geo-replication/${names}/`;
const logs = `\${gluster_logdir}/geo-replication/${names}/`;
const secondaryLogs = `\${gluster_logdir}/geo-replication-secondaries/${names}/`;
const sshOptions = "-oPasswordAuthentication=no -oStrictHostKeyChecking=no -i ${glusterd_workdir}/geo-replication/";

const drafts: Readonly<Record<string, Draft>> = {
  "primary-bricks": fact,
  "secondary-bricks": fact,
  "primary-volume-id": fact,
  "secondary-volume-id": fact,
  "primary-replica-count": count,
  "primary-disperse-count": count,
  "primary-distribution-count": count,
  "glusterd-workdir": text("/var/lib/glusterd"),
  "gluster-logdir": text("/var/log/glusterfs"),
  "gluster-rundir": text("/var/run/gluster"),
  "gsyncd-miscdir": text("/var/lib/misc/gluster/gsyncd"),
  "stime-xattr-prefix": text(""),
  checkpoint: { ...int(0), check: { kind: "unix-time" } },
  "gluster-cli-options": text(""),
  "pid-file": fixed("${gluster_rundir}/gsyncd-${primary}-${primary_secondary_host}-${secondaryvol}.pid"),
  "state-file": fixed(`${state}monitor.status`),
  "georep-session-working-dir": fixed(state),
  "access-mount": strictBool(false),
  "secondary-access-mount": strictBool(false),
  "isolated-secondarys": text(""),
  "changelog-batch-size": int(727_040),
  "secondary-timeout": int(120),
  "connection-timeout": int(60),
  "replica-failover-interval": int(1),
  "changelog-archive-format": text("%Y%m"),
  "use-meta-volume": bool(false),
  "meta-volume-mnt": text("/run/gluster/shared_storage"),
  "allow-network": text(""),
  "change-interval": int(5),
  "sync-method": choice("rsync", ["tarssh", "rsync"]),
  "remote-gsyncd": text(""),
  "gluster-command-dir": text("/usr/sbin"),
  "secondary-gluster-command-dir": text("/usr/sbin"),
  "gluster-params": text("aux-gfid-mount acl"),
  "secondary-gluster-params": text("aux-gfid-mount acl"),
  "ignore-deletes": bool(false),
  "special-sync-mode": text(""),
  "gfid-conflict-resolution": strictBool(true),
  "working-dir": fixed(`\${gsyncd_miscdir}/${names}/`),
  "change-detector": choice("changelog", ["changelog", "xsync", "fanotify", "inotify", "scan"]),
  "cli-log-file": fixed("${gluster_logdir}/geo-replication/cli.log"),
  "cli-log-level": level,
  "log-file": fixed(`${logs}gsyncd.log`),
  "changelog-log-file": fixed(`${logs}changes-\${local_id}.log`),
  "gluster-log-file": fixed(`${logs}mnt-\${local_id}.log`),
  "secondary-log-file": fixed(`${secondaryLogs}gsyncd.log`),
  "secondary-gluster-log-file": fixed(`${secondaryLogs}mnt-\${primary_node}-\${primary_brick_id}.log`),
  "secondary-gluster-log-file-mbr": fixed(`${secondaryLogs}mnt-mbr-\${primary_node}-\${primary_brick_id}.log`),
  "log-level": level,
  "gluster-log-level": level,
  "changelog-log-level": level,
  "secondary-log-level": level,
  "secondary-gluster-log-level": level,
  "ssh-port": range(22, 1, 65_535),
  "ssh-command": program("ssh"),
  "tar-command": program("tar"),
  "ssh-options": filled(`${sshOptions}secret.pem`),
  "ssh-options-tar": filled(`${sshOptions}tar_ssh.pem`),
  "gluster-command": program("gluster"),
  "sync-jobs": range(3, 1, 100),
  "rsync-command": program("rsync"),
  "rsync-options": text(""),
  "rsync-ssh-options": text(""),
  "rsync-opt-ignore-missing-args": bool(true),
  "rsync-opt-existing": bool(true),
  "log-rsync-performance": strictBool(false),
  "use-rsync-xattrs": bool(false),
  "sync-xattrs": bool(true),
  "sync-acls": bool(true),
  "max-rsync-retries": int(10),
  // Nothing uses it, but glusterd asks for it.
  state_socket_unencoded: text(""),
  ...ownDrafts,
};

/** All options by name, `gsyncd.conf` of GlusterFS 10 and the built-in defaults in one. */
export const options: ReadonlyMap<string, Option> = new Map(
  Object.entries(drafts).map(([name, draft]) => [
    name,
    { name, type: "string", fallback: undefined, check: any, configurable: true, template: false, ...draft },
  ]),
);

/** Options that a running session follows; all others take effect when its monitor starts again. */
export const liveOptions: readonly string[] = ["checkpoint", "log-rsync-performance"];

/**
 * The option a caller means: `_` stands for `-`, and the words of versions before 10 (`slave`, `master`) for those since.
 *
 * @returns undefined for what is no option
 */
export function findOption(given: string): Option | undefined {
  const name = given.replaceAll("_", "-");
  return options.get(name) ?? options.get(name.replace(/\bslave/g, "secondary").replace(/\bmaster/g, "primary"));
}
