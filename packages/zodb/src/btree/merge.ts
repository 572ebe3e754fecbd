import { bytesOf, PersistentRef } from "../pickle/values.ts";
import type { PickleValue } from "../pickle/values.ts";
import { encodePickle } from "../pickle/writer.ts";
import type { KeyCodec } from "./keys.ts";
import { searchKeys } from "./keys.ts";
import type { BucketNode } from "./node.ts";

/** What became of a key: its value (null in a set), or undefined where there is none. */
type Entry = PickleValue | undefined;

/**
 * Joins two changes of the same bucket, as BTrees do when two transactions meet.
 *
 * Both sides may add, remove and overwrite, but not the same key. What would need the tree above to change cannot be joined:
 * a bucket that was split, emptied or lost its first key.
 *
 * @param old  what both changes started from
 * @param committed  what the database has now
 * @param ours  what we would store
 * @returns undefined: the changes conflict
 */
export function mergeBuckets<K>(
  codec: KeyCodec<K>,
  old: BucketNode<K>,
  committed: BucketNode<K>,
  ours: BucketNode<K>,
): BucketNode<K> | undefined {
  if (!sameLink(old.next, committed.next) || !sameLink(old.next, ours.next)) return undefined;
  if (committed.keys.length === 0 || ours.keys.length === 0) return undefined;
  const merged: { keys: K[]; values: PickleValue[] } = { keys: [], values: [] };
  for (const key of allKeys(codec, [old, committed, ours])) {
    const outcome = mergeEntry(entryOf(codec, old, key), side(codec, committed, key), side(codec, ours, key));
    if (outcome === "conflict") return undefined;
    if (outcome.entry === undefined) continue;
    merged.keys.push(key);
    if (hasValues(ours)) merged.values.push(outcome.entry);
  }
  if (merged.keys.length === 0) return undefined;
  return { kind: "bucket", ...merged, next: old.next };
}

function hasValues<K>(bucket: BucketNode<K>): boolean {
  return bucket.values.length > 0;
}

function sameLink(a: PersistentRef | undefined, b: PersistentRef | undefined): boolean {
  return a?.oid === b?.oid;
}

function allKeys<K>(codec: KeyCodec<K>, buckets: readonly BucketNode<K>[]): K[] {
  const sorted = buckets.flatMap((bucket) => bucket.keys).sort((a, b) => codec.compare(a, b));
  return sorted.filter((key, i) => i === 0 || codec.compare(sorted[i - 1] as K, key) !== 0);
}

function entryOf<K>(codec: KeyCodec<K>, bucket: BucketNode<K>, key: K): Entry {
  const at = searchKeys(codec, bucket.keys, key);
  return at < 0 ? undefined : (bucket.values[at] ?? null);
}

interface Side {
  readonly entry: Entry;
  /** Removing such a key means that the bucket starts with a larger one now: its parent may have to know. */
  readonly belowFirst: boolean;
}

function side<K>(codec: KeyCodec<K>, bucket: BucketNode<K>, key: K): Side {
  const [first] = bucket.keys;
  return { entry: entryOf(codec, bucket, key), belowFirst: first !== undefined && codec.compare(key, first) < 0 };
}

function mergeEntry(old: Entry, committed: Side, ours: Side): { readonly entry: Entry } | "conflict" {
  const [theirs, mine] = [changed(old, committed), changed(old, ours)];
  if (theirs && mine) return "conflict";
  const changer = theirs ? committed : ours;
  if (changer.entry === undefined && old !== undefined && changer.belowFirst) return "conflict";
  return { entry: changer.entry };
}

function changed(old: Entry, { entry }: Side): boolean {
  if (old === undefined || entry === undefined) return old !== entry;
  return !sameValue(old, entry);
}

function sameValue(a: PickleValue, b: PickleValue): boolean {
  if (Object.is(a, b)) return true;
  if (a instanceof PersistentRef && b instanceof PersistentRef) return a.oid === b.oid && a.database === b.database;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  const [bytesA, bytesB] = [bytesOf(a), bytesOf(b)];
  if (bytesA !== undefined && bytesB !== undefined) return Buffer.compare(bytesA, bytesB) === 0;
  return encodePickle(a).equals(encodePickle(b));
}
