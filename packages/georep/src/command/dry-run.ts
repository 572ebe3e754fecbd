import { errnoName, toError } from "@belay/supervise";
import type { SyncPolicy } from "../policy/policy.ts";
import type { SurveyedName, SurveyReply, SurveyRequest } from "../rpc/survey-messages.ts";
import { isDirectory, isRegular, type ObjectState } from "../tree/object-state.ts";
import { differencesOf } from "../verify/compare-states.ts";
import { joinPath, namesOf, pairsOf, type Pair } from "./paired-names.ts";

/** One side of a replication, looked at by path; see `Survey` and `Observer`. */
export interface SurveyedSide {
  survey(request: SurveyRequest): SurveyReply | Promise<SurveyReply>;
}

/** What a replication would do to its destination. Names, files in the sense of the file system; bytes of content. */
export interface TransferPlan {
  readonly create: number;
  readonly update: number;
  /** Only owner, mode, time or attributes differ. */
  readonly touch: number;
  readonly remove: number;
  readonly bytes: number;
  /** Directories that could not be looked at. */
  readonly unreadable: number;
}

/** One name that would change. */
export interface PlannedChange {
  readonly path: Buffer;
  readonly action: "create" | "update" | "touch" | "remove";
  readonly bytes: number;
}

/** What is compared, and who is told. */
export interface PlanOptions {
  readonly source: SurveyedSide;
  readonly destination: SurveyedSide;
  readonly policy: SyncPolicy;
  /** Directory to begin with, relative to the roots; default: all. */
  readonly below?: string;
  readonly onChange?: (change: PlannedChange) => void;
  /** Told of a directory that cannot be looked at. */
  readonly onProblem?: (path: Buffer, error: Error) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A directory to compare, and whether each side has it. */
interface Place {
  readonly path: readonly Buffer[];
  readonly here: boolean;
  readonly there: boolean;
}

/** Directories that are looked at together: the way to the other side may be long. */
const atOnce = 16;

/**
 * Compares two trees by names, types, sizes, times, owners, modes and attributes, without reading a file or changing anything.
 *
 * A file whose content differs under the same size and time counts as equal here: `verify` compares content. What was renamed counts as
 * removed and created.
 */
export async function planTransfer(options: PlanOptions): Promise<TransferPlan> {
  const planning = new Planning(options);
  const path = (options.below ?? "")
    .split("/")
    .filter(Boolean)
    .map((name) => Buffer.from(name));
  const queue: Place[] = [{ path, here: true, there: true }];
  while (queue.length > 0) {
    options.signal?.throwIfAborted();
    const next = queue.splice(-atOnce);
    const below = await Promise.all(next.reverse().map((place) => planning.compare(place)));
    queue.push(...below.flat().reverse());
  }
  return planning.plan;
}

class Planning {
  readonly plan = { create: 0, update: 0, touch: 0, remove: 0, bytes: 0, unreadable: 0 };
  readonly #options: PlanOptions;
  /** Objects with several names whose content is counted already. */
  readonly #counted = new Set<string>();

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  async compare(place: Place): Promise<readonly Place[]> {
    const { source, destination, signal } = this.#options;
    const below: Place[] = [];
    try {
      const here = place.here ? namesOf(source, place.path, signal) : [];
      const there = place.there ? namesOf(destination, place.path, signal) : [];
      for await (const pair of pairsOf(here, there)) below.push(...this.#name(place, pair));
    } catch (error) {
      if (errnoName(error) === undefined && !isRemote(error)) throw error;
      this.plan.unreadable++;
      this.#options.onProblem?.(joinPath(place.path), toError(error));
    }
    return below;
  }

  #name({ path: directory }: Place, pair: Pair): readonly Place[] {
    const path = [...directory, Buffer.from(pair.name, "latin1")];
    const { owns } = pair;
    const here = pair.here === undefined || this.#leavesOut(path, pair.here) ? undefined : pair.here;
    const { there } = pair;
    if (here === undefined) {
      if (there === undefined || this.#stays(path, there)) return [];
      this.#tell(path, "remove", 0);
    } else if (there === undefined) this.#tell(path, "create", this.#contentOf(here));
    else this.#compareStates(path, here, there, owns);
    const [isHere, isThere] = [isDirectoryState(here), isDirectoryState(there)];
    const goesDown = isHere || (isThere && !this.#options.policy.ignoreDeletes);
    return goesDown ? [{ path, here: isHere, there: isThere }] : [];
  }

  #compareStates(path: readonly Buffer[], here: ObjectState, there: ObjectState, owns: boolean): void {
    const { policy } = this.#options;
    const [a, b] = [anonymous(here), anonymous(there)];
    const aspects = new Set(differencesOf(joinPath(path), a, b, { policy, owns }).map(({ aspect }) => aspect));
    const isOther = aspects.has("type") || aspects.has("device") || aspects.has("target");
    const isContent = isRegular(here.mode) && (here.size !== there.size || aspects.has("mtime"));
    if (isOther || isContent) this.#tell(path, "update", this.#contentOf(here));
    else if (aspects.size > 0) this.#tell(path, "touch", 0);
  }

  #leavesOut(path: readonly Buffer[], { mode }: ObjectState): boolean {
    return this.#options.policy.excludes(joinPath(path), isDirectory(mode));
  }

  // What is at the destination only, and stays there.
  #stays(path: readonly Buffer[], state: ObjectState): boolean {
    const { ignoreDeletes, deleteExcluded } = this.#options.policy;
    return ignoreDeletes || (!deleteExcluded && this.#leavesOut(path, state));
  }

  #contentOf({ id, mode, size, nlink }: ObjectState): number {
    if (!isRegular(mode)) return 0;
    const key = id.toString("latin1");
    if (nlink > 1 && this.#counted.has(key)) return 0;
    if (nlink > 1) this.#counted.add(key);
    return size;
  }

  #tell(path: readonly Buffer[], action: PlannedChange["action"], bytes: number): void {
    this.plan[action]++;
    this.plan.bytes += bytes;
    this.#options.onChange?.({ path: joinPath(path), action, bytes });
  }
}

const nothing = Buffer.alloc(0);

// Ids of two sides have nothing to do with each other.
const anonymous = (state: ObjectState): ObjectState => ({ ...state, id: nothing });

const isDirectoryState = (state: SurveyedName["state"] | undefined): boolean =>
  state !== undefined && isDirectory(state.mode);

// An errno of the other side's directory; that the connection is lost is another matter.
const isRemote = (error: unknown): boolean => error instanceof Error && "remote" in error;
