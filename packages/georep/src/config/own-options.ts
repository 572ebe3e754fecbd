import { parseBandwidth } from "../policy/bandwidth.ts";
import { parseExcludes } from "../policy/excludes.ts";
import type { Draft } from "./options.ts";

const truth: Draft = { type: "bool", check: { kind: "bool" } };

/**
 * Options that gsyncd has not. They have no default that is printed, so that a list of options looks as gsyncd's does until one of them is set;
 * what holds then is said in `policy`.
 */
export const ownDrafts = {
  engine: { check: { kind: "choice", of: ["stream", "rsync", "tarssh"] } },
  compress: { check: { kind: "choice", of: ["none", "zstd"] } },
  "bandwidth-limit": { check: { kind: "parsed", parse: parseBandwidth } },
  exclude: { check: { kind: "parsed", parse: parseExcludes } },
  "delete-excluded": truth,
  "checkpoint-verify": truth,
  "keep-journal": truth,
  /** Megabytes that the journal of a source may take. */
  "journal-limit": { type: "int", check: { kind: "range", min: 2, max: 1_048_576 } },
  /** What a source is watched through; `auto`: the best that works. */
  "change-source": { check: { kind: "choice", of: ["auto", "fanotify", "inotify", "scan"] } },
  /** Seconds between two comparisons, for the source `scan`. */
  "scan-interval": { type: "int", check: { kind: "range", min: 1, max: 86_400 } },
  /** Seconds that a source is watched on after its monitor was killed. */
  "agent-timeout": { type: "int", check: { kind: "range", min: 1, max: 86_400 } },
  /** Goes on although the source's root is another directory than before, or was found empty. */
  "accept-source": truth,
  /** Goes on although the destination is another than the one that was written to, on another file system. */
  "accept-destination": truth,
  "retry-interval": { type: "int", check: { kind: "range", min: 1, max: 86_400 } },
} satisfies Readonly<Record<string, Draft>>;

/** What holds of them while they are not set, as text; what the machine's defaults say comes before it. */
export const ownDefaults: ReadonlyMap<string, string> = new Map(
  Object.entries({
    engine: "stream",
    compress: "none",
    "bandwidth-limit": "unlimited",
    exclude: "",
    "delete-excluded": "false",
    "checkpoint-verify": "false",
    "keep-journal": "false",
    "journal-limit": "4096",
    "change-source": "auto",
    "scan-interval": "60",
    "agent-timeout": "600",
    "accept-source": "false",
    "accept-destination": "false",
    "retry-interval": "60",
  } satisfies Record<keyof typeof ownDrafts, string>),
);
