import type { Config } from "../config/config.ts";
import type { JournalSizes } from "../journal/journal.ts";
import { sourceKinds, type SourceKind } from "../sources/change-source.ts";

/** How a source is watched, as the configuration has it. */
export interface WatchSettings {
  /** Undefined: the best that works here. */
  readonly kind: SourceKind | undefined;
  /** Between two comparisons, for the source `scan`, in milliseconds; undefined: the default. */
  readonly scanEveryMs: number | undefined;
  readonly sizes: JournalSizes | undefined;
}

const megabyte = 1024 ** 2;

/** `change-source` counts before `change-detector`, whose default is there for glusterd. */
export function watchSettings(config: Config): WatchSettings {
  const [limit, interval] = [config.int("journal-limit"), config.int("scan-interval")];
  const asked = ["change-source", "change-detector"].find((name) => config.isSet(name));
  const named = config.text(asked ?? "change-source");
  return {
    kind: sourceKinds.find((kind) => kind === named),
    scanEveryMs: interval > 0 ? interval * 1000 : undefined,
    // The oldest go a segment at a time: a small journal has small ones.
    sizes: limit > 0 ? { most: limit * megabyte, segment: Math.min(8, Math.max(1, limit / 16)) * megabyte } : undefined,
  };
}

/** Stands for settings: an agent that watches with others is another one. */
export function settingsText({ kind, scanEveryMs, sizes }: WatchSettings): string {
  return [kind ?? "auto", scanEveryMs ?? "", sizes?.most ?? ""].join(" ");
}
