import { close } from "@belay/linux";
import { errnoName, hasCode, toError } from "@belay/supervise";

import type { FileId } from "../ids/file-id.ts";
import type { Ends } from "../plan/ends.ts";
import { Exclusions, type Exclusion } from "../plan/exclusion.ts";
import type { Inspected, InspectReply } from "../rpc/inspect-messages.ts";
import type { Failure } from "../rpc/messages.ts";
import { isBelow, pathOf } from "../sources/path-of.ts";
import type { Difference } from "../tree/compare.ts";
import { isDirectory, isRegular, type ObjectState } from "../tree/object-state.ts";
import { readObjectAt, statAt } from "../tree/read-object.ts";
import { compareLarge, isSmall, smallDigest } from "./compare-content.ts";
import { differencesOf } from "./compare-states.ts";

/** Something that differs, and where it is to be looked at. */
export interface NameDifference extends Difference {
  readonly directory: FileId;
  readonly name: Buffer;
  /** What the name stands for here. */
  readonly object: FileId | undefined;
}

/** What comparing names with their copies found. */
export interface Comparison {
  readonly differences: readonly NameDifference[];
  /** What could not be read here. */
  readonly failures: readonly Failure[];
  /** Bytes of content that were compared. */
  readonly bytes: number;
}

const nothingFound: Comparison = { differences: [], failures: [], bytes: 0 };

/**
 * Compares names of one directory with the copy as it is: everything that is replicated, and with `withContent` digests of the content.
 * What changes meanwhile is left to its own event. The destination looks while the source is looked at.
 *
 * @param names  an empty one is the directory itself
 */
export async function compareNames(
  ends: Ends,
  directory: FileId,
  names: readonly Buffer[],
  withContent: boolean,
): Promise<Comparison> {
  const fd = openOr(ends, directory);
  if (typeof fd !== "number") return fd;
  try {
    return await new Comparing(ends, fd, directory, withContent).compare(names);
  } finally {
    close(fd);
  }
}

function openOr({ tree }: Ends, directory: FileId): number | Comparison {
  try {
    return tree.openDirectory(directory) ?? nothingFound;
  } catch (error) {
    return { ...nothingFound, failures: [failureOf(error, directory, Buffer.alloc(0))] };
  }
}

interface Here {
  readonly state: ObjectState | undefined;
  readonly digest: Buffer;
}

class Comparing {
  readonly #ends: Ends;
  readonly #fd: number;
  readonly #directory: FileId;
  readonly #withContent: boolean;
  readonly #exclusion: Exclusion;
  readonly #differences: NameDifference[] = [];
  readonly #failures: Failure[] = [];
  #bytes = 0;

  constructor(ends: Ends, fd: number, directory: FileId, withContent: boolean) {
    this.#ends = ends;
    this.#fd = fd;
    this.#directory = directory;
    this.#withContent = withContent;
    this.#exclusion = new Exclusions(ends.tree, ends.policy.excludes).of(directory, fd);
  }

  async compare(names: readonly Buffer[]): Promise<Comparison> {
    const { secondary } = this.#ends;
    for (let rest = this.#exclusion.isWhole ? [] : names; rest.length > 0;) {
      const portion = rest.slice(0, 200);
      const asked = secondary.inspect({ directory: this.#directory, names: portion, withContent: this.#withContent });
      asked.catch(() => undefined); // told below
      const here = portion.map((name) => this.#look(name));
      const reply = await asked;
      if (!reply.known) {
        this.#noteMissing();
        break;
      }
      for (const [index, there] of reply.names.entries())
        await this.#compareOne(portion[index], here[index], there, reply);
      rest = rest.slice(Math.max(reply.names.length, 1));
    }
    return { differences: this.#differences, failures: this.#failures, bytes: this.#bytes };
  }

  // Perhaps only what is in it is compared, and not its name.
  #noteMissing(): void {
    const place = this.#ends.tree.whereIs(this.#directory);
    if (place === undefined) return;
    const path = this.#pathOf(Buffer.alloc(0));
    const difference = { path, aspect: "missing", expected: "there", found: "not there" } as const;
    this.#differences.push({ ...difference, ...place, object: this.#directory });
  }

  #look(name: Buffer): Here | undefined {
    try {
      const state = readObjectAt(this.#fd, name, name.length === 0 ? undefined : this.#ends.tree.device);
      const isDigested = this.#withContent && state !== undefined && isRegular(state.mode) && isSmall(state.size);
      const digest = isDigested ? smallDigest({ dirfd: this.#fd, name, size: state.size }) : Buffer.alloc(0);
      return { state, digest };
    } catch (error) {
      this.#failures.push(failureOf(error, this.#directory, name));
      return undefined;
    }
  }

  async #compareOne(
    name: Buffer | undefined,
    here: Here | undefined,
    there: Inspected | undefined,
    reply: InspectReply,
  ): Promise<void> {
    if (name === undefined || here === undefined || this.#isLeftOut(name, here.state, there)) return;
    const found = await this.#differencesOf(name, here, there, reply.owns);
    // It changed between our look and theirs: that is told by an event.
    if (found.length === 0 || statAt(this.#fd, name)?.ctime !== here.state?.ctime) return;
    const place = { directory: this.#directory, name, object: here.state?.id };
    this.#differences.push(...found.map((each) => ({ ...each, ...place })));
  }

  #isLeftOut(name: Buffer, here: ObjectState | undefined, there: Inspected | undefined): boolean {
    const { leavesOut } = this.#exclusion;
    const { policy } = this.#ends;
    if (name.length === 0) return false;
    if (here !== undefined) return leavesOut(name, isDirectory(here.mode));
    if (there === undefined || policy.ignoreDeletes) return true;
    return !policy.deleteExcluded && leavesOut(name, isDirectory(there.state.mode));
  }

  async #differencesOf(
    name: Buffer,
    { state: here, digest }: Here,
    inspected: Inspected | undefined,
    owns: boolean,
  ): Promise<Difference[]> {
    const path = this.#pathOf(name);
    const there = inspected?.state;
    if (here === undefined || there === undefined) {
      if (here === there) return [];
      const [expected, found] = here === undefined ? ["not there", "there"] : ["there", "not there"];
      return [{ path, aspect: here === undefined ? "extra" : "missing", expected, found }];
    }
    const differences = differencesOf(path, here, there, { policy: this.#ends.policy, owns });
    if (!this.#withContent || !isRegular(here.mode) || !isRegular(there.mode)) return differences;
    this.#bytes += here.size;
    const content = await this.#contentDifference(name, path, { here, there, digest, inspected });
    return content === undefined ? differences : [...differences, content];
  }

  async #contentDifference(
    name: Buffer,
    path: Buffer,
    {
      here,
      there,
      digest,
      inspected,
    }: { here: ObjectState; there: ObjectState; digest: Buffer; inspected: Inspected | undefined },
  ): Promise<Difference | undefined> {
    if (here.size !== there.size)
      return { path, aspect: "content", expected: `${here.size} bytes`, found: `${there.size} bytes` };
    if (isSmall(here.size)) {
      if (inspected?.digest.equals(digest)) return undefined;
      const shown = (bytes: Buffer | undefined) => `sha256 ${bytes?.toString("hex") ?? ""}`;
      return { path, aspect: "content", expected: shown(digest), found: shown(inspected?.digest) };
    }
    try {
      const file = { dirfd: this.#fd, directory: this.#directory, name, size: here.size };
      const at = await compareLarge(this.#ends.secondary, file);
      if (at === undefined) return undefined;
      return { path, aspect: "content", expected: `${here.size} bytes`, found: `other bytes behind ${at}` };
    } catch (error) {
      if (errnoName(error) === undefined && !hasCode(error, "ENOENT")) throw error;
      this.#failures.push(failureOf(error, this.#directory, name));
      return undefined;
    }
  }

  #pathOf(name: Buffer): Buffer {
    const [root, path] = [pathOf(this.#ends.tree.root), pathOf(this.#fd)];
    const below = isBelow(path, root) ? path.subarray(root.length === 1 ? 1 : root.length + 1) : path;
    return below.length === 0 || name.length === 0
      ? Buffer.concat([below, name])
      : Buffer.concat([below, Buffer.from("/"), name]);
  }
}

function failureOf(error: unknown, id: FileId, name: Buffer): Failure {
  const code = errnoName(error) ?? (hasCode(error, "ENOENT") ? "ENOENT" : undefined);
  if (code === undefined) throw error;
  return { id, name, code, message: toError(error).message };
}
