import type { BlockRevision, Epoch } from "../../delta/index.ts";
import type { BigFile } from "../../files/big-file.ts";
import { TidWaiters } from "../../files/tid-waiters.ts";
import type { Answer } from "../../tree/node.ts";
import type { ClientProcess } from "../client-process.ts";
import type { IsolationWorld, PinPolicy } from "../world.ts";

/** The oid of the one file of a manual world. */
export const theFile = 5n;

/** The history of one file, as a list of changes: what is asked of it is computed without any cleverness. */
export class ListedHistory {
  head = 100n;
  tail = 100n;
  /** Blocks that were read. */
  readonly accessed = new Set<number>();
  readonly epochs: Epoch[] = [];
  /** What the next queries throw. */
  failure: Error | undefined;
  readonly #changes: { readonly tid: bigint; readonly blk: number }[] = [];

  /** Head goes on by one, and the blocks change. */
  commit(...blocks: readonly number[]): bigint {
    this.head++;
    for (const blk of blocks) this.#changes.push({ tid: this.head, blk });
    return this.head;
  }

  blkRevAt(_file: bigint, blk: number, at: bigint): BlockRevision {
    if (this.failure !== undefined) throw this.failure;
    const tids = this.#changes.filter((change) => change.blk === blk && change.tid <= at).map(({ tid }) => tid);
    const rev = tids.at(-1) ?? 0n;
    return rev > this.tail ? { rev, exact: true } : { rev: this.tail, exact: false };
  }

  pinsAt(file: bigint, at: bigint): Map<number, bigint> {
    if (this.failure !== undefined) throw this.failure;
    const changed = [...this.accessed].filter((blk) =>
      this.#changes.some((change) => change.blk === blk && change.tid > at),
    );
    return new Map(changed.map((blk) => [blk, this.blkRevAt(file, blk, at).rev]));
  }

  epochsBetween(_file: bigint, lo: bigint, hi: bigint): readonly Epoch[] {
    return this.epochs.filter(({ rev }) => lo < rev && rev <= hi);
  }
}

/** A client that is alive until it is told otherwise. */
export class ManualClient implements ClientProcess {
  readonly pid: number;
  readonly fd: number;
  readonly signals: number[] = [];
  /** Signals it does not die of. */
  readonly survives = new Set<number>();
  isAlive = true;
  isDisposed = false;
  onEnd: () => void = () => undefined;

  constructor(pid: number) {
    this.pid = pid;
    this.fd = pid;
  }

  alive(): boolean {
    return this.isAlive;
  }

  signal(signal: number): void {
    this.signals.push(signal);
    if (!this.survives.has(signal)) this.end();
  }

  end(): void {
    this.isAlive = false;
    this.onEnd();
  }

  [Symbol.dispose](): void {
    this.isDisposed = true;
  }
}

/** A world whose clock, commits and processes go by hand. */
export class ManualWorld implements IsolationWorld {
  readonly history = new ListedHistory();
  readonly waiters = new TidWaiters();
  readonly pinTimeout = 3000;
  readonly logged: string[] = [];
  readonly clients = new Map<number, ManualClient>();
  /** Threads that only wait for an answer to end. */
  readonly dying = new Set<number>();
  pinPolicy: PinPolicy = "kill";
  isBusy = false;
  failure: Error | undefined;
  #now = 0;
  #timers: { readonly due: number; readonly callback: () => void }[] = [];

  readonly processes = {
    hold: (tid: number): ManualClient => {
      const client = new ManualClient(this.#pid(tid));
      this.clients.set(client.pid, client);
      return client;
    },
    processOf: (tid: number): number => this.#pid(tid),
    isDying: (tid: number): boolean => this.dying.has(tid),
  };

  shownHead(): bigint {
    return this.history.head;
  }

  isKnown(oid: bigint): boolean {
    return oid === theFile;
  }

  isCommitting(): boolean {
    return this.isBusy;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, callback: () => void): { cancel(): void } {
    const timer = { due: this.#now + milliseconds, callback };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  watchFd(fd: number, callback: () => void): { stop(): void } {
    const client = this.clients.get(fd);
    if (client !== undefined) client.onEnd = callback;
    const stop = () => {
      if (client !== undefined) client.onEnd = () => undefined;
    };
    return { stop };
  }

  log(level: string, message: string): void {
    this.logged.push(`${level} ${message}`);
  }

  fail(error: Error): void {
    this.failure = error;
  }

  /** Lets time pass. */
  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (;;) {
      const next = this.#timers.filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.due);
      next.callback();
    }
    this.#now = end;
  }

  /** The file under head. */
  get file(): BigFile {
    const { history } = this;
    const source = (_file: BigFile, blk: number) => {
      history.accessed.add(blk);
      return { revMax: history.head };
    };
    return { oid: theFile, space: { rev: undefined, source } } as unknown as BigFile;
  }

  // Threads of process 10 are 10 to 19.
  #pid(tid: number): number {
    return tid - (tid % 10);
  }
}

/** An answer that tells what became of it. */
export class NotedAnswer<T> implements Answer<T> {
  readonly pid: number;
  value: T | undefined;
  error: number | undefined;
  isGiven = false;
  interrupt: () => void = () => undefined;

  constructor(pid: number) {
    this.pid = pid;
  }

  give(value: T): void {
    if (this.isGiven || this.error !== undefined) throw new Error("answered twice");
    this.isGiven = true;
    this.value = value;
  }

  refuse(error: number): void {
    if (this.isGiven || this.error !== undefined) throw new Error("answered twice");
    this.error = error;
  }

  onInterrupt(callback: () => void): void {
    this.interrupt = callback;
  }
}
