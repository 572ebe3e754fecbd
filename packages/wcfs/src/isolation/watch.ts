import type { Oid, Tid } from "@belay/zodb";
import type { PinTarget } from "./texts.ts";

/** Sends a pin to the client and calls back when it was acked or needs no answer any more. */
export type SendPin = (blk: number, target: PinTarget, done: () => void) => void;

interface PinUnderWay {
  readonly target: PinTarget;
  readonly waiting: (() => void)[];
}

/**
 * One file as one client sees it: the moment, and the blocks that have to come from the past for that.
 *
 * For each pin (blk → rev) recorded: rev ≤ at, and the block does not change in (rev, at]. What is recorded the client has acked, or
 * the pin is under way; there is at most one under way for a block.
 */
export class Watch {
  readonly oid: Oid;
  /** Never changes while it is looked at for a read: both happen in one step. */
  at: Tid;
  readonly pinned = new Map<number, Tid>();
  readonly #underWay = new Map<number, PinUnderWay>();
  readonly #send: SendPin;
  #removed = false;

  constructor(oid: Oid, at: Tid, send: SendPin) {
    this.oid = oid;
    this.at = at;
    this.#send = send;
  }

  /** No new pin starts after this. Those under way are still acked. */
  remove(): void {
    this.#removed = true;
    this.pinned.clear();
  }

  /** Whether a pin of the block waits for its ack. */
  isUnderWay(blk: number): boolean {
    return this.#underWay.has(blk);
  }

  /** Calls back when no pin of the block is under way. */
  whenSettled(blk: number, done: () => void): void {
    const underWay = this.#underWay.get(blk);
    if (underWay === undefined) done();
    else underWay.waiting.push(done);
  }

  /**
   * Has the client map a block from a revision, or from head again; what it has mapped so already is not sent again.
   *
   * @param done called once, when the client has it so
   */
  pin(blk: number, target: PinTarget, done: () => void): void {
    const underWay = this.#underWay.get(blk);
    if (underWay !== undefined) {
      underWay.waiting.push(underWay.target === target ? done : () => this.pin(blk, target, done));
      return;
    }
    if (this.#removed || (this.pinned.get(blk) ?? "head") === target) return done();
    this.#start(blk, target, done);
  }

  #start(blk: number, target: PinTarget, done: () => void): void {
    const underWay: PinUnderWay = { target, waiting: [done] };
    this.#underWay.set(blk, underWay);
    if (target === "head") this.pinned.delete(blk);
    else this.pinned.set(blk, target);
    this.#send(blk, target, () => {
      this.#underWay.delete(blk);
      for (const waiting of underWay.waiting) waiting();
    });
  }
}
