import { errno } from "@belay/linux";
import type { BigFile } from "../files/big-file.ts";
import type { Answer } from "../tree/node.ts";
import type { ClientProcess } from "./client-process.ts";
import type { IsolationWorld } from "./world.ts";

/** A read of head that may have to wait for clients, on behalf of some process. */
export interface WaitingRead {
  readonly file: BigFile;
  readonly first: number;
  readonly last: number;
  readonly answer: Answer<void>;
  /** Whose acks it waits for. */
  readonly waitsFor: Set<ClientProcess>;
  /** It was refused: nothing is due any more. */
  isOver: boolean;
}

/** Milliseconds between looks at a reader that got a signal it may survive: the kernel tells of the first signal only. */
const lookAgain = 100;

/**
 * Reads of head that wait for clients.
 *
 * A read that fails is a SIGBUS for whoever faults on a mapped page. So a signal does not end one, as it would in the reference, unless the
 * reader dies of it: then nobody else gets to know, and the reader can end.
 */
export class WaitingReads {
  readonly #world: IsolationWorld;
  readonly #reads = new Set<WaitingRead>();
  readonly #evicting = new Set<ClientProcess>();

  constructor(world: IsolationWorld) {
    this.#world = world;
  }

  get size(): number {
    return this.#reads.size;
  }

  /** It waits, perhaps once more. */
  add(read: WaitingRead): void {
    if (this.#reads.has(read)) return;
    this.#reads.add(read);
    read.answer.onInterrupt(() => this.#interrupted(read));
    const pid = this.#readerOf(read);
    if ([...this.#evicting].some((client) => client.pid === pid)) this.#refuse(read, errno.EINTR);
  }

  /** It waits no longer. */
  remove(read: WaitingRead): void {
    this.#reads.delete(read);
  }

  /** Whether others than the client itself wait for it: readers, or with one of them a commit, which needs the page that is being read. */
  isHeldUpBy(client: ClientProcess): boolean {
    for (const read of this.#reads) {
      if (!read.waitsFor.has(client)) continue;
      if (this.#readerOf(read) !== client.pid || this.#world.isCommitting()) return true;
    }
    return false;
  }

  /** A client is to be killed: what it waits for, now or later, has to be answered, or it could not end. */
  refuseThoseOf(client: ClientProcess): void {
    this.#evicting.add(client);
    for (const read of [...this.#reads]) if (this.#readerOf(read) === client.pid) this.#refuse(read, errno.EINTR);
  }

  /** A link of the client is no more, and perhaps the client. */
  ended(client: ClientProcess): void {
    this.#evicting.delete(client);
  }

  /** Refuses everyone. @param error an errno number */
  refuseAll(error: number): void {
    for (const read of [...this.#reads]) this.#refuse(read, error);
  }

  #interrupted(read: WaitingRead): void {
    if (!this.#reads.has(read)) return;
    if (this.#world.processes.isDying(read.answer.pid)) this.#refuse(read, errno.EINTR);
    else this.#world.after(lookAgain, () => this.#interrupted(read));
  }

  #readerOf(read: WaitingRead): number | undefined {
    return this.#world.processes.processOf(read.answer.pid);
  }

  #refuse(read: WaitingRead, error: number): void {
    if (read.isOver) return;
    read.isOver = true;
    this.#reads.delete(read);
    read.answer.refuse(error);
  }
}
