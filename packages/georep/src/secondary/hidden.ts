import { mkdirat } from "@belay/linux";

import { keyOf, type FileId } from "../ids/file-id.ts";
import { keyOfName, type Batch, type Order, type Place } from "./batch.ts";

/** Tells whether a directory is seen by nobody else. */
export function isHidden(batch: Batch, directory: FileId): boolean {
  return topOf(batch, directory) !== undefined;
}

/** Makes a new directory: in `held/` until the batch is finished, or at once in one that is hidden itself. */
export function makeHidden(batch: Batch, order: Order, dirfd: number): Place {
  const { hidden, session, postponed } = batch;
  const { parent, name, change } = order;
  const key = keyOf(change.id);
  const top = topOf(batch, parent);
  if (top !== undefined) {
    mkdirat(dirfd, name, 0o700);
    hidden.tops.set(key, top);
    return { dirfd, name, isHeld: false };
  }
  const heldName = Buffer.from(change.id.toString("hex"));
  mkdirat(session.heldDirectory, heldName, 0o700);
  session.held.set(key, heldName);
  hidden.tops.set(key, key);
  hidden.orders.set(key, order);
  postponed.set(keyOfName(order), order);
  return { dirfd: session.heldDirectory, name: heldName, isHeld: true };
}

/** Takes what has to be attached so that a directory is hidden no more; undefined: nothing. */
export function takeHidden(batch: Batch, directory: FileId): Order | undefined {
  const { hidden, postponed } = batch;
  const top = topOf(batch, directory);
  const order = top === undefined ? undefined : hidden.orders.get(top);
  if (top === undefined || order === undefined) return undefined;
  hidden.orders.delete(top);
  postponed.delete(keyOfName(order));
  return order;
}

/** Tells whether a directory lies in a hidden one, and is none of those in `held/` itself. */
export function liesHidden(batch: Batch, directory: FileId): boolean {
  const top = topOf(batch, directory);
  return top !== undefined && top !== keyOf(directory);
}

function topOf({ hidden, session }: Batch, directory: FileId): string | undefined {
  if (hidden.tops.size === 0) return undefined;
  const top = hidden.tops.get(keyOf(directory));
  return top !== undefined && session.held.has(top) ? top : undefined;
}
