import { mkdirat } from "@belay/linux";

import { keyOf, type FileId } from "../ids/file-id.ts";
import { heldNameOf } from "./held-name.ts";
import { inheritAcl } from "./unreplicated.ts";
import { attempt, keyOfName, type Batch, type Order, type Place } from "./batch.ts";

const nothing = Buffer.alloc(0);

/** Tells whether a directory is seen by nobody else. */
export function isHidden(batch: Batch, directory: FileId): boolean {
  return hiddenOrder(batch, directory) !== undefined;
}

/** Makes a new directory: in `held/` until the batch is finished, or at once in one that is hidden itself. */
export function makeHidden(batch: Batch, order: Order, dirfd: number): Place {
  const { session } = batch;
  const { parent, name, change } = order;
  const top = hiddenOrder(batch, parent);
  if (top !== undefined) {
    mkdirat(dirfd, name, 0o700);
    hideIn(batch, change.id, top);
    return { dirfd, name, isHeld: false };
  }
  const heldName = heldNameOf(change.id);
  mkdirat(session.heldDirectory, heldName, 0o700);
  attempt(batch, change.id, nothing, () =>
    inheritAcl(session, dirfd, { dirfd: session.heldDirectory, name: heldName }, true),
  );
  hide(batch, order, heldName);
  return { dirfd: session.heldDirectory, name: heldName, isHeld: true };
}

/** Notes that a directory lies in `held/` until the batch is finished. */
export function hide({ hidden, session, postponed }: Batch, order: Order, heldName: Buffer): void {
  const key = keyOf(order.change.id);
  session.held.set(key, heldName);
  hidden.tops.set(key, key);
  hidden.orders.set(key, order);
  postponed.set(keyOfName(order), order);
}

/** Notes that a directory lies in a hidden one, or in one that does. */
export function hideIn({ hidden }: Batch, directory: FileId, top: Order): void {
  hidden.tops.set(keyOf(directory), keyOf(top.change.id));
}

/** What has to be attached so that a directory is hidden no more; undefined: nothing. */
export function hiddenOrder({ hidden }: Batch, directory: FileId): Order | undefined {
  const top = hidden.tops.get(keyOf(directory));
  return top === undefined ? undefined : hidden.orders.get(top);
}

/** Notes that a directory need not wait for its name any more: it has got one, this or another, or is not to have it. */
export function endHiding({ hidden, postponed }: Batch, directory: FileId): void {
  const order = hidden.orders.get(keyOf(directory));
  if (order === undefined) return;
  hidden.orders.delete(keyOf(directory));
  if (postponed.get(keyOfName(order)) === order) postponed.delete(keyOfName(order));
}

/** Tells whether a directory lies in a hidden one, and is none of those in `held/` itself. */
export function liesHidden(batch: Batch, directory: FileId): boolean {
  const top = hiddenOrder(batch, directory);
  return top !== undefined && !top.change.id.equals(directory);
}
