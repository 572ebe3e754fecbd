import type { Oid, Tid } from "@belay/zodb";
import { Barrier } from "./barrier.ts";
import type { ClientProcess } from "./client-process.ts";
import type { PinTarget } from "./texts.ts";

/** Sends a pin to the client and calls back when it was acked or needs no answer any more. */
export type SendPin = (blk: number, target: PinTarget, done: () => void) => void;

interface Pin {
  readonly target: () => PinTarget;
  readonly done: () => void;
}

/** A block with a pin under way: what follows it, and who wants to know when nothing does any more. */
interface BusyBlock {
  readonly next: Pin[];
  readonly settled: (() => void)[];
}

/**
 * One file as one client sees it: the moment, and the blocks that have to come from the past for that.
 *
 * For each pin (blk → rev) recorded of a block that is not busy: the client has acked it, rev ≤ at, and the block does not change in
 * (rev, at]. At most one pin of a block is under way; a block stays busy until what was queued behind that is settled, too.
 */
export class Watch {
  readonly oid: Oid;
  readonly client: ClientProcess;
  /** Never changes while it is looked at for a read: both happen in one step. */
  at: Tid;
  readonly pinned = new Map<number, Tid>();
  readonly #busy = new Map<number, BusyBlock>();
  readonly #send: SendPin;
  #removed = false;

  constructor(oid: Oid, at: Tid, client: ClientProcess, send: SendPin) {
    this.oid = oid;
    this.at = at;
    this.client = client;
    this.#send = send;
  }

  /** No new pin starts after this. Those under way are still acked. */
  remove(): void {
    this.#removed = true;
    this.pinned.clear();
  }

  /** Whether a pin of the block waits for its ack, or for its turn. */
  isBusy(blk: number): boolean {
    return this.#busy.has(blk);
  }

  /** The revision the client is known to have the block from; undefined: from head, or it is busy. */
  settledPin(blk: number): Tid | undefined {
    return this.#busy.has(blk) ? undefined : this.pinned.get(blk);
  }

  /** Calls back when the block is not busy. */
  whenSettled(blk: number, done: () => void): void {
    const busy = this.#busy.get(blk);
    if (busy === undefined) done();
    else busy.settled.push(done);
  }

  /** Calls back when no block is busy. */
  whenAllSettled(done: () => void): void {
    const barrier = new Barrier(done);
    for (const { settled } of this.#busy.values()) settled.push(barrier.one());
    barrier.close();
  }

  /**
   * Has the client map a block from a revision, or from head again; what it has mapped so already is not sent again.
   *
   * @param target asked when the pin's turn has come: head may move while an earlier one of the block is under way
   * @param done called once, when the client has it so
   */
  pin(blk: number, target: () => PinTarget, done: () => void): void {
    const pin = { target, done };
    const busy = this.#busy.get(blk);
    if (busy !== undefined) return void busy.next.push(pin);
    const fresh: BusyBlock = { next: [pin], settled: [] };
    this.#busy.set(blk, fresh);
    this.#work(blk, fresh);
  }

  #work(blk: number, busy: BusyBlock): void {
    for (let pin = busy.next.shift(); pin !== undefined; pin = busy.next.shift()) {
      const { done } = pin;
      const target = this.#removed ? undefined : pin.target();
      if (target === undefined || (this.pinned.get(blk) ?? "head") === target) {
        done();
        continue;
      }
      if (target === "head") this.pinned.delete(blk);
      else this.pinned.set(blk, target);
      this.#send(blk, target, () => {
        done();
        this.#work(blk, busy);
      });
      return;
    }
    this.#busy.delete(blk);
    for (const settled of busy.settled) settled();
  }
}
