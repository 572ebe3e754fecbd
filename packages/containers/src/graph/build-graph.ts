import { availableParallelism } from "node:os";
import { toError } from "@belay/supervise";
import { buildImage } from "../build/build-image.ts";
import type { BuildTools } from "../build/build-image.ts";
import type { BuildRequest } from "../build/request.ts";
import { judgeFully } from "../build/wanted.ts";
import { imageTable } from "../engine/lookup.ts";
import type { ImageTable } from "../engine/lookup.ts";
import type { Difference } from "../key/compare.ts";
import type { GraphNode } from "./load.ts";

/** What became of one image. `stale` and `current` are all a dry run tells; `blocked`: an image it needs could not be built. */
export type NodeResult = "current" | "built" | "stale" | "skipped" | "refused" | "failed" | "blocked";

/** The end of one image's turn. */
export interface NodeReport {
  readonly tag: string;
  readonly file: string;
  readonly result: NodeResult;
  /** What changed since it was built; empty also for an image that was not there. */
  readonly differences: readonly Difference[];
  /** Milliseconds of its turn. */
  readonly ms: number;
  readonly error: Error | undefined;
  /** The end of what the engine printed, for a failure. */
  readonly output: string;
}

/** How to build a folder. */
export interface GraphOptions {
  readonly requestOf: (node: GraphNode) => BuildRequest;
  readonly dryRun: boolean;
  /** Builds at a time. Default: the number of processors. */
  readonly jobs?: number | undefined;
  /** Told each image as it ends. */
  readonly onEnd: (report: NodeReport) => void;
}

const outputKept = 16 * 1024;

/**
 * Builds what is stale, each image as soon as all it needs is there, several at a time. An image that fails holds up only those above it.
 *
 * @param nodes in an order in which each comes behind those it needs
 * @returns the reports in that order
 */
export async function buildGraph(
  tools: BuildTools,
  nodes: readonly GraphNode[],
  options: GraphOptions,
): Promise<NodeReport[]> {
  const table = await imageTable(tools.engine, nodes.flatMap((node) => [node.tag, ...node.bases])); // prettier-ignore
  const turns = new Map<string, Promise<NodeReport>>();
  const places = createPlaces(options.jobs ?? availableParallelism());
  for (const node of nodes) turns.set(node.tag, turn(tools, node, options, table, turns, places));
  // One that was interrupted ends the others too: none may be at work when what it stands on is taken down.
  const ends = await Promise.allSettled(turns.values());
  tools.scope.signal.throwIfAborted();
  return ends.map((end) => {
    if (end.status === "rejected") throw toError(end.reason);
    return end.value;
  });
}

/** A number of places that tasks take and give back. */
type Places = <T>(task: () => Promise<T>) => Promise<T>;

function createPlaces(count: number): Places {
  let free = Math.max(1, count);
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

async function turn(
  tools: BuildTools,
  node: GraphNode,
  options: GraphOptions,
  table: ImageTable,
  turns: ReadonlyMap<string, Promise<NodeReport>>,
  places: Places,
): Promise<NodeReport> {
  const needed = await Promise.all(node.needs.map(async (tag) => await turns.get(tag)));
  const start = performance.now();
  const outcome = await oneNode(tools, node, options, table, needed, places);
  const report = { tag: node.tag, file: node.file, ms: Math.round(performance.now() - start), ...outcome };
  options.onEnd(report);
  return report;
}

type Outcome = Pick<NodeReport, "result" | "differences" | "error" | "output">;

function outcome(result: NodeResult, rest: Partial<Outcome> = {}): Outcome {
  return { result, differences: [], error: undefined, output: "", ...rest };
}

async function oneNode(
  tools: BuildTools,
  node: GraphNode,
  options: GraphOptions,
  table: ImageTable,
  needed: readonly (NodeReport | undefined)[],
  places: Places,
): Promise<Outcome> {
  const results = needed.map((report) => report?.result);
  if (results.some((result) => result === "failed" || result === "blocked" || result === "refused"))
    return outcome("blocked");
  if (node.unreadable !== undefined) return outcome("failed", { error: node.unreadable });
  const request = options.requestOf(node);
  let output = "";
  try {
    const verdict = await judgeFully(table.lookup, request, node.text);
    const { differences } = verdict;
    const current = verdict.current && !results.includes("stale") && !request.engineArgs.includes("--no-cache");
    if (current) return outcome("current");
    if (options.dryRun) return outcome("stale", { differences });
    const own: BuildTools = {
      ...tools,
      talk: { ...tools.talk, say: (line) => tools.talk.warn(`${node.tag}: ${line}`) },
      output: (chunk) => (output = (output + chunk.toString()).slice(-outputKept)),
    };
    const result = await places(async () => {
      tools.scope.signal.throwIfAborted();
      return await buildImage(own, request, node.text);
    });
    table.forget(node.tag);
    return outcome(result, { differences });
  } catch (error) {
    tools.scope.signal.throwIfAborted();
    return outcome("failed", { error: toError(error), output });
  }
}
