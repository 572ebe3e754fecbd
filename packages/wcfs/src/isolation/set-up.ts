import type { Tid } from "@belay/zodb";
import { Barrier } from "./barrier.ts";
import type { Link } from "./link.ts";
import type { PinTargets } from "./pin-targets.ts";
import { refusal, setupError } from "./texts.ts";
import type { Watch } from "./watch.ts";
import type { WatchRequest } from "./watch-request.ts";
import type { IsolationWorld } from "./world.ts";

/** Where watches are found by file. */
export interface WatchTable {
  readonly targets: PinTargets;
  add(watch: Watch): void;
  remove(watch: Watch): void;
}

/** A request to watch and where its answer goes. */
export interface SetUp {
  readonly world: IsolationWorld;
  readonly table: WatchTable;
  readonly link: Link;
  readonly request: WatchRequest;
  /** Called at most once: not at all when the link goes down meanwhile. */
  answer(text: string): void;
}

/**
 * Answers a request to watch a file as of a moment, or to stop watching it.
 *
 * The order of checks is that of the protocol: head has reached the moment; the moment is not before the known history; the file is known; then, after earlier
 * requests for the same file on the same link, the moment is not before the watch's; no epoch lies between it and head.
 */
export function setUpWatch(setUp: SetUp): void {
  const { request } = setUp;
  if (request.at === undefined) removeWatch(setUp);
  else whenReached(setUp, request.at, (at) => placeWatch(setUp, at));
}

function whenReached({ world, link }: SetUp, at: Tid, then: (at: Tid) => void): void {
  if (at <= world.shownHead()) return then(at);
  const giveUp = world.waiters.wait(at, () => {
    stopListening();
    then(at);
  });
  const stopListening = link.onDown(giveUp);
}

function removeWatch(setUp: SetUp): void {
  const { link, request, table } = setUp;
  if (isUnknown(setUp)) return refuse(setUp, refusal.unknownFile());
  link.sequences.run(request.oid, (finished) => {
    const watch = link.watches.get(request.oid);
    if (watch !== undefined) discard(link, table, watch);
    const end = () => {
      setUp.answer("ok");
      finished();
    };
    // A client that was told `ok` does not expect to be asked about the file any more, nor that what it was asked before matters.
    if (watch === undefined) end();
    else watch.whenAllSettled(end);
  });
}

function placeWatch(setUp: SetUp, at: Tid): void {
  const { link, request } = setUp;
  const reason = tooFarBack(setUp, at) ?? (isUnknown(setUp) ? refusal.unknownFile() : undefined);
  if (reason !== undefined) return refuse(setUp, reason);
  link.sequences.run(request.oid, (finished) => {
    if (link.isUp()) moveWatch(setUp, at, finished);
    else finished();
  });
}

function moveWatch(setUp: SetUp, at: Tid, finished: () => void): void {
  const { link, request, table } = setUp;
  const present = link.watches.get(request.oid);
  // While it waited for its turn the tail may have moved on, if no watch held it.
  const position = present !== undefined && at < present.at ? refusal.goingBack() : tooFarBack(setUp, at);
  const reason = position ?? reasonAgainst(setUp, at);
  if (typeof reason === "string") {
    if (position === undefined && present !== undefined) discard(link, table, present);
    refuse(setUp, reason);
    return finished();
  }
  const watch = present ?? link.newWatch(request.oid, at);
  watch.at = at;
  link.watches.set(request.oid, watch);
  table.add(watch);
  const barrier = new Barrier(() => {
    setUp.answer("ok");
    finished();
  });
  sendPins(watch, reason.blocks, table.targets, barrier);
  barrier.close();
}

function tooFarBack({ world }: SetUp, at: Tid): string | undefined {
  return at < world.history.tail ? refusal.tooFarBack(at, world.shownHead()) : undefined;
}

function isUnknown({ world, link, request }: SetUp): boolean {
  return !link.watches.has(request.oid) && !world.isKnown(request.oid);
}

// After an error that is not about the position alone, the watch would show neither the old moment nor the new one.
function reasonAgainst({ world, request }: SetUp, at: Tid): string | { readonly blocks: ReadonlySet<number> } {
  const { history } = world;
  try {
    const epoch = history.epochsBetween(request.oid, at, history.head).at(-1);
    if (epoch !== undefined) return refusal.epoch(epoch.rev, world.shownHead());
    return { blocks: new Set(history.pinsAt(request.oid, at).keys()) };
  } catch (error) {
    return oneLine(error instanceof Error ? error.message : String(error));
  }
}

// Nothing else may look like a line of its own.
function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}

function sendPins(watch: Watch, changed: ReadonlySet<number>, targets: PinTargets, barrier: Barrier): void {
  for (const blk of [...watch.pinned.keys()]) {
    // Until its turn comes the block may change again.
    if (!changed.has(blk)) watch.pin(blk, () => targets.target(watch, blk), barrier.one());
  }
  for (const blk of changed) {
    const rev = targets.revision(watch, blk);
    watch.pin(blk, () => rev, barrier.one());
  }
}

function discard(link: Link, table: WatchTable, watch: Watch): void {
  link.watches.delete(watch.oid);
  table.remove(watch);
  watch.remove();
}

function refuse(setUp: SetUp, reason: string): void {
  setUp.answer(setupError(setUp.request, reason));
}
