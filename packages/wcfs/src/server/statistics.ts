/** What `.wcfs/stats` shows; capitalised names count what there is now, the others what has happened. */
export interface Statistics {
  /** Files looked up under head. */
  readonly BigFile: number;
  /** Directories of revisions. */
  readonly RevHead: number;
  /** Open `zhead` streams. */
  readonly ZHeadLink: number;
  /** Open links. */
  readonly WatchLink: number;
  /** Watches over all links. */
  readonly Watch: number;
  /** Blocks pinned over all watches. */
  readonly PinnedBlk: number;
  /** Pins and unpins sent. */
  readonly pin: number;
  /** Clients killed. */
  readonly pinkill: number;
}

const order: readonly (keyof Statistics)[] = [
  "BigFile",
  "RevHead",
  "ZHeadLink",
  "WatchLink",
  "Watch",
  "PinnedBlk",
  "pin",
  "pinkill",
];

/** One line each: name, tab, colon, space, number. */
export function formatStatistics(statistics: Statistics): string {
  return order.map((name) => `${name}\t: ${statistics[name]}\n`).join("");
}
