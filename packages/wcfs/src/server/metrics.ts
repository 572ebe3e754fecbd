import type { Statistics } from "./statistics.ts";

/** What `.wcfs/metrics` shows besides what `.wcfs/stats` does. */
export interface Measurements extends Statistics {
  /** Seconds since 1970. */
  readonly headTime: number;
  readonly isBehind: boolean;
  readonly reads: number;
  readonly pushed: number;
  readonly waitingReads: number;
  readonly forgivenPins: number;
  /** Bytes. */
  readonly sources: number;
  readonly nodes: number;
}

interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly value: (all: Measurements) => number;
}

const metrics: readonly Metric[] = [
  gauge("head_timestamp_seconds", "moment of the newest commit shown", (all) => all.headTime),
  gauge("behind", "1 while a commit was taken in and is not shown yet", (all) => Number(all.isBehind)),
  gauge("bigfiles", "files looked up under head", (all) => all.BigFile),
  gauge("revisions", "directories of revisions", (all) => all.RevHead),
  gauge("head_streams", "open zhead streams", (all) => all.ZHeadLink),
  gauge("links", "open links", (all) => all.WatchLink),
  gauge("watches", "watches over all links", (all) => all.Watch),
  gauge("pinned_blocks", "blocks recorded as pinned, over all watches", (all) => all.PinnedBlk),
  gauge("waiting_reads", "reads of head that wait for clients", (all) => all.waitingReads),
  gauge("nodes", "files and directories the kernel knows", (all) => all.nodes),
  gauge("block_source_bytes", "memory for knowing where blocks lie, roughly", (all) => all.sources),
  counter("reads_total", "reads of big files that were answered", (all) => all.reads),
  counter("blocks_pushed_total", "changed blocks cached at once while commits came fast", (all) => all.pushed),
  counter("pins_total", "pins and unpins sent", (all) => all.pin),
  counter("pins_forgiven_total", "pins that were late while nobody waited for them", (all) => all.forgivenPins),
  counter("clients_killed_total", "clients killed because they did not answer a pin", (all) => all.pinkill),
];

/** The server's figures in the text format of Prometheus. */
export function formatMetrics(all: Measurements): string {
  const lines = metrics.flatMap(({ name, type, help, value }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    `${name} ${value(all)}`,
  ]);
  return `${lines.join("\n")}\n`;
}

function gauge(name: string, help: string, value: Metric["value"]): Metric {
  return { name: `wcfs_${name}`, type: "gauge", help, value };
}

function counter(name: string, help: string, value: Metric["value"]): Metric {
  return { name: `wcfs_${name}`, type: "counter", help, value };
}
