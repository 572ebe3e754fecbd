import type { Config } from "../config/config.ts";
import { parseBandwidth } from "./bandwidth.ts";
import { excludesNothing, parseExcludes, type Excludes } from "./excludes.ts";

export const engines = ["stream", "rsync", "tarssh"] as const;
/** What carries the content of files. */
export type Engine = (typeof engines)[number];

/** How rsync and tar are called, where one of them is the engine. */
export interface ProgramPolicy {
  readonly rsync: string;
  /** Further options for rsync, as words. */
  readonly rsyncOptions: readonly string[];
  /** Further options for the ssh under rsync, as words. */
  readonly rsyncShellOptions: readonly string[];
  readonly ignoresMissing: boolean;
  readonly tar: string;
  /** Options of an ssh of tar's own, as words; undefined: tar goes the way of the session. */
  readonly tarShellOptions: readonly string[] | undefined;
  /** How often what a program could not send is tried within a batch, before it goes to the retry queue. */
  readonly attempts: number;
  /** Tells whether rsync's statistics are to be logged now. */
  readonly logsPerformance: () => boolean;
}

/** What of the source counts, and how it is sent. */
export interface SyncPolicy {
  readonly engine: Engine;
  /** Files whose content is sent at the same time. */
  readonly jobs: number;
  /** What is deleted at the source stays at the destination. */
  readonly ignoreDeletes: boolean;
  /** Stands for all that decides which names count: where it is another than before, everything has to be compared. */
  readonly scope: string;
  readonly syncXattrs: boolean;
  readonly syncAcls: boolean;
  readonly compress: "none" | "zstd";
  /** Bytes a second now; undefined: as fast as it goes. */
  readonly bandwidth: () => number | undefined;
  readonly excludes: Excludes;
  /** What is left out is removed at the destination, too. */
  readonly deleteExcluded: boolean;
  /** What is at the destination and not ours, where one of ours has to be, is moved aside; otherwise that name fails. */
  readonly setsConflictsAside: boolean;
  /** Every checkpoint compares digests of what was applied since the last one. */
  readonly verifiesCheckpoints: boolean;
  /** Longest pause before what failed is tried again, in milliseconds. */
  readonly retryMs: number;
  readonly programs: ProgramPolicy;
}

/** What holds where nothing is configured. */
export const defaultPolicy: SyncPolicy = {
  engine: "stream",
  jobs: 3,
  ignoreDeletes: false,
  scope: "",
  syncXattrs: true,
  syncAcls: true,
  compress: "none",
  bandwidth: () => undefined,
  excludes: excludesNothing,
  deleteExcluded: false,
  setsConflictsAside: true,
  verifiesCheckpoints: false,
  retryMs: 60_000,
  programs: {
    rsync: "rsync",
    rsyncOptions: [],
    rsyncShellOptions: [],
    ignoresMissing: true,
    tar: "tar",
    tarShellOptions: undefined,
    attempts: 10,
    logsPerformance: () => false,
  },
};

/**
 * Makes the policy of a session between directories.
 *
 * `sync-method` counts only where somebody has set it: its default, `rsync`, is there for glusterd.
 *
 * @param live  the configuration as it is later, for the options that a running session follows; default: as it is now
 */
export function policyOf(config: Config, live: { current(): Config } = { current: () => config }): SyncPolicy {
  const timetable = parseBandwidth(config.text("bandwidth-limit"));
  const longest = config.int("retry-interval");
  return {
    engine: engineOf(config),
    jobs: config.int("sync-jobs"),
    ignoreDeletes: config.flag("ignore-deletes"),
    scope: scopeOf(config),
    syncXattrs: config.flag("sync-xattrs"),
    syncAcls: config.flag("sync-acls"),
    compress: config.text("compress") === "zstd" ? "zstd" : "none",
    bandwidth: () => timetable(new Date()),
    excludes: parseExcludes(config.text("exclude")),
    deleteExcluded: config.flag("delete-excluded"),
    setsConflictsAside: config.flag("gfid-conflict-resolution"),
    verifiesCheckpoints: config.flag("checkpoint-verify"),
    retryMs: longest > 0 ? longest * 1000 : defaultPolicy.retryMs,
    programs: programsOf(config, live),
  };
}

/** Options that say which names a copy has to have: with another one of them everything has to be compared. */
const scopeOptions = ["ignore-deletes", "exclude", "delete-excluded"];

function scopeOf(config: Config): string {
  const set = scopeOptions.filter((name) => config.isSet(name));
  return set.map((name) => `${name}=${config.text(name)}`).join("\n");
}

function engineOf(config: Config): Engine {
  const named = config.text("engine") || (config.isSet("sync-method") ? config.text("sync-method") : "");
  return engines.find((engine) => engine === named) ?? "stream";
}

function programsOf(config: Config, live: { current(): Config }): ProgramPolicy {
  return {
    rsync: config.text("rsync-command"),
    rsyncOptions: config.words("rsync-options"),
    rsyncShellOptions: config.words("rsync-ssh-options"),
    ignoresMissing: config.flag("rsync-opt-ignore-missing-args"),
    tar: config.text("tar-command"),
    tarShellOptions: config.isSet("ssh-options-tar") ? config.words("ssh-options-tar") : undefined,
    attempts: Math.max(config.int("max-rsync-retries"), 1),
    logsPerformance: () => live.current().flag("log-rsync-performance"),
  };
}
