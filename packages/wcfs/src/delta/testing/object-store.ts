import { isDeepStrictEqual } from "node:util";
import type { Invalidation, Oid, Tid } from "@belay/zodb";
import type { BucketNode, FileState, Snapshot, Snapshots, TreeNode } from "../snapshot.ts";

/** Any other object, such as a ZBlk: only that it was written matters here. */
export interface DataState {
  readonly kind: "data";
}

/** A ZBigFile object. */
export interface StoredFile extends FileState {
  readonly kind: "file";
}

export type ObjectState = TreeNode | BucketNode | StoredFile | DataState;

interface Written {
  readonly tid: Tid;
  /** undefined: deleted. */
  readonly state: ObjectState | undefined;
}

/** A database in memory, for tests: every object with all of its states. */
export class ObjectStore implements Snapshots {
  /** How many objects were read so far. */
  loads = 0;
  /** Makes reading fail, to see what a failure leaves behind. */
  broken = false;
  readonly #objects = new Map<Oid, Written[]>();
  readonly commits: Invalidation[] = [];

  get head(): Tid {
    return this.commits.at(-1)?.tid ?? 0n;
  }

  /** Writes states as one transaction, of tree nodes only those that differ from before; undefined deletes. */
  commit(tid: Tid, states: Iterable<readonly [Oid, ObjectState | undefined]>): Invalidation {
    const oids: Oid[] = [];
    for (const [oid, state] of states) {
      const node = state === undefined || state.kind === "tree" || state.kind === "bucket";
      if (node && isDeepStrictEqual(state, this.stateAt(oid, tid))) continue;
      const list = this.#objects.get(oid) ?? [];
      list.push({ tid, state });
      this.#objects.set(oid, list);
      oids.push(oid);
    }
    const event = { tid, oids };
    this.commits.push(event);
    return event;
  }

  at(tid: Tid): Snapshot {
    return {
      node: (oid) => {
        const state = this.#load(oid, tid)?.state;
        return state?.kind === "tree" || state?.kind === "bucket" ? state : undefined;
      },
      file: (oid) => {
        const state = this.#load(oid, tid)?.state;
        return state?.kind === "file" ? state : undefined;
      },
      serial: (oid) => {
        const written = this.#load(oid, tid);
        return written?.state && written.tid;
      },
    };
  }

  /** The state without counting it as read. */
  stateAt(oid: Oid, tid: Tid): ObjectState | undefined {
    return this.#objects.get(oid)?.findLast((written) => written.tid <= tid)?.state;
  }

  #load(oid: Oid, tid: Tid): Written | undefined {
    if (this.broken) throw new Error("the store is broken");
    this.loads++;
    return this.#objects.get(oid)?.findLast((written) => written.tid <= tid);
  }
}
