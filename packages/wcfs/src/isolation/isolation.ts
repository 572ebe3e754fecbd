import { errno } from "@belay/linux";
import type { Tid } from "@belay/zodb";
import type { BigFile } from "../files/big-file.ts";
import type { IsolationGate } from "../files/isolation-gate.ts";
import type { Answer, Stream } from "../tree/node.ts";
import { Barrier } from "./barrier.ts";
import type { ClientProcess } from "./client-process.ts";
import type { Eviction } from "./evict.ts";
import { Link, type LinkOwner } from "./link.ts";
import { PinTargets } from "./pin-targets.ts";
import { setUpWatch } from "./set-up.ts";
import { WaitingReads, type WaitingRead } from "./waiting-reads.ts";
import type { Watch } from "./watch.ts";
import { parseWatchRequest } from "./watch-request.ts";
import { WatchTable } from "./watch-table.ts";
import type { IsolationWorld } from "./world.ts";

/** The numbers isolation adds to `.wcfs/stats` and `.wcfs/metrics`. */
export interface IsolationCounts {
  readonly links: number;
  readonly watches: number;
  /** Blocks recorded as pinned, over all watches. */
  readonly pinned: number;
  /** Pins and unpins sent so far. */
  readonly pins: number;
  /** Clients killed so far. */
  readonly kills: number;
  /** Pins that were late and forgiven so far. */
  readonly forgiven: number;
  /** Reads of head that wait for clients. */
  readonly waitingReads: number;
}

/**
 * What keeps a reader's view still while head moves: links of clients, their watches, and the gate before every read of head.
 *
 * A read of a block is answered only when every client that watches the file as of a moment before the block's last change has the
 * block pinned to the revision it needs, or is no more.
 */
export class Isolation implements LinkOwner, IsolationGate {
  readonly targets: PinTargets;
  readonly #world: IsolationWorld;
  readonly #links = new Set<Link>();
  readonly #watches = new WatchTable();
  readonly #waiting: WaitingReads;
  #pins = 0;
  #kills = 0;
  #forgiven = 0;
  #isShut = false;

  constructor(world: IsolationWorld) {
    this.#world = world;
    this.#waiting = new WaitingReads(world);
    this.targets = new PinTargets(world.history, (oid) => this.#watches.of(oid));
  }

  /** `head/watch` is opened. @param tid the opening thread. @throws ErrnoError EIO */
  open(tid: number): Stream {
    const link = new Link(this.#world, this, this.#world.processes.hold(tid));
    this.#links.add(link);
    return link;
  }

  get counts(): IsolationCounts {
    return {
      links: this.#links.size,
      ...this.#watches.count(),
      pins: this.#pins,
      kills: this.#kills,
      forgiven: this.#forgiven,
      waitingReads: this.#waiting.size,
    };
  }

  /** Whether a client watches the file of head: it may need other bytes than head has. */
  isWatched(file: BigFile): boolean {
    return this.#watches.has(file.oid);
  }

  /** The earliest moment a client looks at: history is kept back to it. */
  oldestAt(): Tid | undefined {
    return this.#watches.oldestAt();
  }

  /** Lets no read of head through any more: the server is about to end, and clients can no longer be waited for. */
  shut(): void {
    this.#isShut = true;
    this.#waiting.refuseAll(errno.ENOTCONN);
  }

  beforeRead(file: BigFile, first: number, last: number, answer: Answer<void>): void {
    if (this.#isShut) answer.refuse(errno.ENOTCONN);
    else if (file.space.rev !== undefined || !this.#watches.has(file.oid)) answer.give();
    else this.#pass({ file, first, last, answer, waitsFor: new Set(), isOver: false });
  }

  request(link: Link, stream: bigint, message: Buffer): void {
    const answer = (text: string) => link.reply(stream, text);
    const request = parseWatchRequest(message);
    if (typeof request === "string") answer(`error ${request}`);
    else setUpWatch({ world: this.#world, table: this, link, request, answer });
  }

  add(watch: Watch): void {
    this.#watches.add(watch);
  }

  remove(watch: Watch): void {
    this.#watches.remove(watch);
  }

  pinStarted(): void {
    this.#pins++;
  }

  mayBeLate(client: ClientProcess): boolean {
    return this.#world.pinPolicy === "warn" && !this.#waiting.isHeldUpBy(client);
  }

  forgave(): void {
    this.#forgiven++;
  }

  evicting(client: ClientProcess): void {
    this.#waiting.refuseThoseOf(client);
  }

  evicted(end: Eviction): void {
    if (end === "killed") this.#kills++;
  }

  gone(link: Link): void {
    this.#links.delete(link);
    this.#waiting.ended(link.client);
    for (const watch of link.watches.values()) this.#watches.remove(watch);
  }

  // Head may move and watches may come while clients answer, so it is looked at again until there is nothing to wait for.
  #pass(read: WaitingRead): void {
    if (read.isOver) return;
    read.waitsFor.clear();
    const barrier = new Barrier(() => {
      if (read.waitsFor.size > 0) return this.#pass(read);
      this.#waiting.remove(read);
      read.answer.give();
    });
    for (let blk = read.first; blk <= read.last; blk++) {
      for (const watch of this.#behind(read.file, blk)) {
        read.waitsFor.add(watch.client);
        this.#hold(watch, blk, barrier.one());
      }
    }
    if (read.waitsFor.size > 0) this.#waiting.add(read);
    barrier.close();
  }

  /** The watches that must not see the block as it is under head, and may not have it otherwise yet. */
  #behind(file: BigFile, blk: number): Watch[] {
    const changedAtMost = lastChangeAtMost(file, blk);
    let changed: Tid | undefined;
    const behind: Watch[] = [];
    for (const watch of this.#watches.of(file.oid)) {
      if (changedAtMost <= watch.at || watch.settledPin(blk) !== undefined) continue;
      changed ??= this.targets.changedAt(file.oid, blk);
      if (changed > watch.at) behind.push(watch);
    }
    return behind;
  }

  #hold(watch: Watch, blk: number, done: () => void): void {
    if (watch.isBusy(blk)) watch.whenSettled(blk, done);
    else watch.pin(blk, () => this.targets.revision(watch, blk), done);
  }
}

/** Never less than when the block last changed; cheap. Of a damaged block 0: the read will find out and show nothing. */
function lastChangeAtMost(file: BigFile, blk: number): Tid {
  try {
    return file.space.source(file, blk).revMax;
  } catch {
    return 0n;
  }
}
