import { close, pread } from "@belay/linux";

import { keyOf, type FileId } from "../ids/file-id.ts";
import { dirty } from "../journal/record.ts";
import {
  maxInline,
  type ApplyRequest,
  type ContentHint,
  type EntryChange,
  type ObjectChange,
} from "../rpc/messages.ts";
import type { SourceTree } from "../sources/source-tree.ts";
import { stateDirectoryName } from "../tree/compare.ts";
import { isRegular, type ObjectState } from "../tree/object-state.ts";
import { openFileAt, readObjectAt, readObjectOf } from "../tree/read-object.ts";
import type { DirtyName } from "./dirty-set.ts";

/** What one `apply` will say, and where the content of its files is to be had. */
export interface Plan {
  readonly request: ApplyRequest;
  /** A name of each object at the source, by object. */
  readonly places: ReadonlyMap<string, { readonly directory: FileId; readonly name: Buffer }>;
}

/** Most bytes of content that travel within one `apply`. */
const inlineBudget = 3 * 1024 * 1024;

/** An object whose last change is older than this shows every further one in its ctime, whatever the kernel's clock. */
const settledAfterNs = 50_000_000n;

const nothing = Buffer.alloc(0);

/**
 * Looks at the source as it is now, and puts together what the destination has to be like.
 *
 * What is dirty only tells where to look. A directory that is gone needs no word: its name in its own directory is dirty, too.
 */
export function makePlan(tree: SourceTree, names: readonly DirtyName[]): Plan {
  const planning = new Planning(tree);
  for (const name of names) planning.look(name);
  return planning.plan();
}

class Planning {
  readonly #tree: SourceTree;
  readonly #objects: ObjectChange[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #entries: EntryChange[] = [];
  readonly #places = new Map<string, { directory: FileId; name: Buffer }>();
  #budget = inlineBudget;

  constructor(tree: SourceTree) {
    this.#tree = tree;
  }

  look(dirtyName: DirtyName): void {
    const fd = this.#tree.openDirectory(dirtyName.directory);
    const seen = fd === undefined ? undefined : this.#lookIn(fd, dirtyName);
    if (fd !== undefined) close(fd);
    // The file was written to through a name it has no more: it may well have others.
    if ((dirtyName.kinds & (dirty.data | dirty.metadata)) === 0) return;
    for (const [key, id] of dirtyName.objects) if (key !== seen) this.#lookAtObject(id);
  }

  plan(): Plan {
    return { request: { objects: this.#objects, entries: this.#entries }, places: this.#places };
  }

  #lookIn(fd: number, { directory, name, kinds }: DirtyName): string | undefined {
    const { rootId, device } = this.#tree;
    if (directory.equals(rootId) && name.toString("latin1") === stateDirectoryName) return undefined;
    const parent = readObjectAt(fd, nothing);
    if (parent !== undefined) this.#add(parent, "keep", () => undefined);
    if (name.length === 0) return keyOf(directory);
    const state = readObjectAt(fd, name, device);
    const object = state && this.#add(state, hintOf(kinds), () => readWhole(fd, name, state.size));
    if (state !== undefined) this.#places.set(keyOf(state.id), { directory, name });
    this.#entries.push({ parent: directory, name, object });
    return state && keyOf(state.id);
  }

  #lookAtObject(id: FileId): void {
    if (this.#indexes.has(keyOf(id))) return;
    const fd = this.#tree.openFile(id);
    if (fd === undefined) return;
    const state = readObjectOf(fd);
    close(fd);
    this.#add(state, "changed", () => undefined);
  }

  #add(state: ObjectState, content: ContentHint, read: () => Buffer | undefined): number {
    const key = keyOf(state.id);
    const known = this.#indexes.get(key);
    const old = known === undefined ? undefined : this.#objects[known];
    if (known !== undefined && old !== undefined && (old.content !== "keep" || content === "keep")) return known;
    const settled = BigInt(Date.now()) * 1_000_000n - state.ctime > settledAfterNs;
    const isInline = content !== "keep" && isRegular(state.mode) && state.size <= Math.min(maxInline, this.#budget);
    const inline = isInline ? read() : undefined;
    this.#budget -= inline?.length ?? 0;
    const change = { ...state, content, settled, inline };
    const index = known ?? this.#objects.length;
    this.#objects[index] = change;
    this.#indexes.set(key, index);
    return index;
  }
}

function hintOf(kinds: number): ContentHint {
  if ((kinds & (dirty.entry | dirty.data)) !== 0) return "changed";
  return (kinds & dirty.gap) === 0 ? "keep" : "compare";
}

// A file that shrinks meanwhile gives what is left; what it became is told by its own event.
function readWhole(dirfd: number, name: Buffer, size: number): Buffer | undefined {
  const fd = tryOpen(dirfd, name);
  if (fd === undefined) return undefined;
  try {
    const bytes = Buffer.allocUnsafe(size);
    return bytes.subarray(0, size === 0 ? 0 : pread(fd, bytes, 0));
  } finally {
    close(fd);
  }
}

// What may not be read is found out again, and told, when the destination asks for it.
function tryOpen(dirfd: number, name: Buffer): number | undefined {
  try {
    return openFileAt(dirfd, name);
  } catch {
    return undefined;
  }
}
