/** How the value of an option is read, and where it goes. */
export type LegacyKind =
  | "text"
  /** A path, made absolute unless it is empty or `-`. */
  | "path"
  | "number"
  | "flag"
  | "list"
  /** Says what this call is to do; not part of the configuration. */
  | "local-text"
  | "local-number"
  | "local-flag";

/** One option of the 2014 interface. */
export interface LegacyOption {
  /** `-p`, `--pid-file` */
  readonly names: readonly string[];
  /** Name of the value, with underscores. */
  readonly key: string;
  readonly kind: LegacyKind;
  /** Words that follow; default 1, none for flags. */
  readonly words?: number;
  /** Value of a flag; of any other option when the call does not give one. */
  readonly value?: string | number | boolean;
}

const text = (name: string, value?: string): LegacyOption => ({
  ...option(name, "text"),
  ...(value === undefined ? {} : { value }),
});
const path = (name: string, value?: string): LegacyOption => ({
  ...option(name, "path"),
  ...(value === undefined ? {} : { value }),
});
const number = (name: string, value: number): LegacyOption => ({ ...option(name, "number"), value });
const flag = (name: string, value = false): LegacyOption => ({ ...option(name, "flag"), words: 0, value });
const role = (name: string, key: string, value: string | boolean = true): LegacyOption => ({
  ...option(name, "local-flag"),
  key,
  words: 0,
  value,
});

function option(name: string, kind: LegacyKind): LegacyOption {
  const names = name.split("/");
  return { names, key: (names.at(-1) ?? "").slice(2).replaceAll("-", "_"), kind };
}

const changes = ["", "-rx", "-glob"].flatMap((variant): LegacyOption[] => [
  { names: [`--config-set${variant}`], key: `config:set${variant}`, kind: "local-text", words: 2 },
  { names: [`--config-del${variant}`], key: `config:del${variant}`, kind: "local-text" },
]);

/** Every option of the 2014 interface, in the order in which it lists them. */
export const legacyOptions: readonly LegacyOption[] = [
  text("--gluster-command-dir", ""),
  path("--gluster-log-file", "/dev/null"),
  text("--gluster-log-level"),
  text("--gluster-params", ""),
  text("--glusterd-uuid", ""),
  text("--gluster-cli-options", "--log-file=-"),
  text("--mountbroker"),
  path("-p/--pid-file"),
  path("-l/--log-file"),
  path("--iprefix"),
  path("--changelog-log-file"),
  path("--log-file-mbr"),
  path("--state-file"),
  path("--state-detail-file"),
  path("--georep-session-working-dir"),
  flag("--ignore-deletes"),
  flag("--isolated-slave"),
  flag("--use-rsync-xattrs"),
  flag("--sync-xattrs", true),
  flag("--sync-acls", true),
  flag("--log-rsync-performance"),
  flag("--pause-on-start"),
  text("-L/--log-level"),
  text("-r/--remote-gsyncd"),
  text("--volume-id"),
  text("--slave-id"),
  text("--session-owner"),
  text("--local-id", ""),
  text("--local-path", ""),
  text("-s/--ssh-command", "ssh"),
  number("--ssh-port", 22),
  text("--ssh-command-tar", "ssh"),
  text("--rsync-command", "rsync"),
  text("--rsync-options", ""),
  text("--rsync-ssh-options", "--compress"),
  number("--timeout", 120),
  number("--connection-timeout", 60),
  number("--sync-jobs", 3),
  number("--replica-failover-interval", 1),
  text("--changelog-archive-format", "%Y%m"),
  flag("--use-meta-volume"),
  text("--meta-volume-mnt", "/var/run/gluster/shared_storage"),
  number("--turns", 0),
  text("--allow-network", ""),
  text("--socketdir"),
  path("--state-socket-unencoded"),
  text("--checkpoint", "0"),
  text("--special-sync-mode"),
  text("--change-detector", "xtime"),
  number("--change-interval", 3),
  path("--working-dir"),
  flag("--use-tarssh"),
  option("-c/--config-file", "local-text"),
  role("--monitor", "monitor"),
  role("--agent", "agent"),
  option("--resource-local", "local-text"),
  option("--resource-remote", "local-text"),
  option("--feedback-fd", "local-number"),
  text("--rpc-fd"),
  { ...option("--subvol-num", "number") },
  role("--listen", "listen"),
  role("-N/--no-daemon", "go_daemon", "dont"),
  option("--verify", "local-text"),
  option("--create", "local-text"),
  role("--delete", "delete"),
  role("--status-get", "status_get"),
  role("--debug", "go_daemon", "debug"),
  { ...option("--path", "list") },
  { names: ["--config-check"], key: "config:check", kind: "local-text" },
  { names: ["--config-get"], key: "config:get", kind: "local-text" },
  { names: ["--config-get-all"], key: "config:get-all", kind: "local-flag", words: 0, value: true },
  ...changes,
  role("--normalize-url", "url_print", "normal"),
  role("--canonicalize-url", "url_print", "canonical"),
  role("--canonicalize-escape-url", "url_print", "canonical-escaped"),
  flag("--is-coldtier"),
];

/** Options that a configuration may set: all but those that only say what a call is to do. */
export const legacyTunables: ReadonlySet<string> = new Set(
  legacyOptions.filter(({ kind }) => !kind.startsWith("local-")).map(({ key }) => key),
);

/** What is in force where neither the call nor a file says anything. */
export const legacyDefaults: ReadonlyMap<string, string> = new Map(
  legacyOptions
    .filter(({ kind, value }) => !kind.startsWith("local-") && value !== undefined)
    .map(({ key, value }) => [key, String(value)]),
);

/**
 * The option a long name means: `_` stands for `-`, and it may be cut short as long as it is clear.
 *
 * @returns undefined when it means none, or more than one
 */
export function findLegacyOption(given: string): LegacyOption | undefined {
  const [only, ...more] = matchLegacyOptions(given);
  return more.length === 0 ? only : undefined;
}

/** All options a long name may mean; an exact one is the only one. */
export function matchLegacyOptions(given: string): readonly LegacyOption[] {
  const name = `--${given.replace(/^--/, "").replaceAll("_", "-")}`;
  const exact = legacyOptions.find(({ names }) => names.includes(name));
  if (exact !== undefined) return [exact];
  if (name.length < 3) return [];
  return legacyOptions.filter(({ names }) =>
    names.some((candidate) => candidate.startsWith(name) && candidate.startsWith("--")),
  );
}
