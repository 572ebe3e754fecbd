import { errno } from "@belay/linux";
import type { Oid, Tid } from "@belay/zodb";
import type { BigFile } from "../files/big-file.ts";
import type { Answer, Stream } from "../tree/node.ts";
import { Barrier } from "./barrier.ts";
import type { ClientProcess } from "./client-process.ts";
import type { Eviction } from "./evict.ts";
import { Link, type LinkOwner } from "./link.ts";
import { setUpWatch } from "./set-up.ts";
import type { Watch } from "./watch.ts";
import { parseWatchRequest } from "./watch-request.ts";
import type { IsolationWorld } from "./world.ts";

/** The numbers isolation adds to `.wcfs/stats`. */
export interface IsolationCounts {
  readonly links: number;
  readonly watches: number;
  /** Blocks recorded as pinned, over all watches. */
  readonly pinned: number;
  /** Pins and unpins sent so far. */
  readonly pins: number;
  /** Clients killed so far. */
  readonly kills: number;
}

/** A read of head that waits for clients, on behalf of some process. */
interface WaitingRead {
  readonly file: BigFile;
  readonly first: number;
  readonly last: number;
  readonly answer: Answer<void>;
  refused: boolean;
}

/**
 * What keeps a reader's view still while head moves: links of clients, their watches, and the gate before every read of head.
 *
 * A read of a block is answered only when every client that watches the file as of a moment before the block's last change has the
 * block pinned to the revision it needs, or is no more.
 */
export class Isolation implements LinkOwner {
  readonly #world: IsolationWorld;
  readonly #links = new Set<Link>();
  readonly #watches = new Map<Oid, Set<Watch>>();
  readonly #waiting = new Set<WaitingRead>();
  readonly #evicting = new Set<number>();
  #pins = 0;
  #kills = 0;

  constructor(world: IsolationWorld) {
    this.#world = world;
  }

  /** `head/watch` is opened. @param tid the opening thread. @throws ErrnoError EIO */
  open(tid: number): Stream {
    const link = new Link(this.#world, this, this.#world.processes.hold(tid));
    this.#links.add(link);
    return link;
  }

  get counts(): IsolationCounts {
    let watches = 0;
    let pinned = 0;
    for (const ofFile of this.#watches.values()) {
      watches += ofFile.size;
      for (const watch of ofFile) pinned += watch.pinned.size;
    }
    return { links: this.#links.size, watches, pinned, pins: this.#pins, kills: this.#kills };
  }

  /** The earliest moment a client looks at: history is kept back to it. */
  oldestAt(): Tid | undefined {
    let oldest: Tid | undefined;
    for (const ofFile of this.#watches.values()) {
      for (const { at } of ofFile) if (oldest === undefined || at < oldest) oldest = at;
    }
    return oldest;
  }

  /**
   * Asks to let a read of blocks of a head file through.
   *
   * @param answer given as soon as all clients are ready, in that very step: the read has to be filled then, before anything else happens
   */
  beforeRead(file: BigFile, first: number, last: number, answer: Answer<void>): void {
    if (file.space.rev !== undefined || !this.#watches.has(file.oid)) return answer.give();
    const read: WaitingRead = { file, first, last, answer, refused: false };
    this.#pass(read);
  }

  request(link: Link, stream: bigint, message: Buffer): void {
    const answer = (text: string) => link.reply(stream, text);
    const request = parseWatchRequest(message);
    if (typeof request === "string") answer(`error ${request}`);
    else setUpWatch({ world: this.#world, table: this, link, request, answer });
  }

  add(watch: Watch): void {
    const ofFile = this.#watches.get(watch.oid);
    if (ofFile === undefined) this.#watches.set(watch.oid, new Set([watch]));
    else ofFile.add(watch);
  }

  remove(watch: Watch): void {
    const ofFile = this.#watches.get(watch.oid);
    ofFile?.delete(watch);
    if (ofFile?.size === 0) this.#watches.delete(watch.oid);
  }

  pinStarted(): void {
    this.#pins++;
  }

  // A process that waits for a page cannot end before the page's request is answered.
  evicting(client: ClientProcess): void {
    this.#evicting.add(client.pid);
    for (const read of [...this.#waiting])
      if (this.#world.processes.processOf(read.answer.pid) === client.pid) this.#refuse(read);
  }

  evicted(end: Eviction): void {
    if (end === "killed") this.#kills++;
  }

  gone(link: Link): void {
    this.#links.delete(link);
    this.#evicting.delete(link.client.pid);
    for (const watch of link.watches.values()) this.remove(watch);
  }

  // Head may move and watches may come while clients answer, so it is looked at again until there is nothing to wait for.
  #pass(read: WaitingRead): void {
    if (read.refused) return;
    let waited = false;
    const barrier = new Barrier(() => (waited ? this.#pass(read) : this.#giveWay(read)));
    for (let blk = read.first; blk <= read.last; blk++) {
      for (const watch of this.#behind(read.file, blk)) {
        waited = true;
        this.#hold(watch, read.file, blk, barrier.one());
      }
    }
    if (waited) this.#wait(read);
    barrier.close();
  }

  /** The watches that must not see the block as it is under head, and may not have it otherwise yet. */
  #behind(file: BigFile, blk: number): Watch[] {
    const watches = this.#watches.get(file.oid);
    const changedAtMost = watches === undefined ? undefined : lastChangeAtMost(file, blk);
    if (watches === undefined || changedAtMost === undefined) return [];
    const candidates = [...watches].filter((watch) => changedAtMost > watch.at && !isReady(watch, blk));
    if (candidates.length === 0) return [];
    const { history } = this.#world;
    const changed = history.blkRevAt(file.oid, blk, history.head).rev;
    return candidates.filter((watch) => changed > watch.at);
  }

  #hold(watch: Watch, file: BigFile, blk: number, done: () => void): void {
    if (watch.isUnderWay(blk)) watch.whenSettled(blk, done);
    else watch.pin(blk, this.#world.history.blkRevAt(file.oid, blk, watch.at).rev, done);
  }

  #wait(read: WaitingRead): void {
    if (this.#waiting.has(read)) return;
    this.#waiting.add(read);
    read.answer.onInterrupt(() => {
      if (this.#world.processes.isDying(read.answer.pid)) this.#refuse(read);
    });
    if (this.#evicting.has(this.#world.processes.processOf(read.answer.pid) ?? -1)) this.#refuse(read);
  }

  #giveWay(read: WaitingRead): void {
    this.#waiting.delete(read);
    read.answer.give();
  }

  #refuse(read: WaitingRead): void {
    if (read.refused) return;
    read.refused = true;
    this.#waiting.delete(read);
    read.answer.refuse(errno.EINTR);
  }
}

function isReady(watch: Watch, blk: number): boolean {
  return watch.pinned.has(blk) && !watch.isUnderWay(blk);
}

/** undefined: the block is damaged, and the read will find that out. */
function lastChangeAtMost(file: BigFile, blk: number): Tid | undefined {
  try {
    return file.space.source(file, blk).revMax;
  } catch {
    return undefined;
  }
}
