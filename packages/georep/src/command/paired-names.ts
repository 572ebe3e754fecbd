import type { ObjectState } from "../tree/object-state.ts";
import type { SurveyReply, SurveyRequest } from "../rpc/survey-messages.ts";

/** A name of a directory as one side has it. */
export interface SidedName {
  /** By `keyOf`. */
  readonly name: string;
  readonly state: ObjectState;
  /** Whether that side can set owners. */
  readonly owns: boolean;
}

/** A name, and what each side has under it. */
export interface Pair {
  readonly name: string;
  readonly here: ObjectState | undefined;
  readonly there: ObjectState | undefined;
  /** Whether the second side can set owners. */
  readonly owns: boolean;
}

type Names = Iterable<SidedName> | AsyncIterable<SidedName>;

/** Names of a directory in the order of their bytes, portion by portion; none when there is no such directory. */
export async function* namesOf(
  side: { survey(request: SurveyRequest): SurveyReply | Promise<SurveyReply> },
  path: readonly Buffer[],
  signal?: AbortSignal,
): AsyncGenerator<SidedName> {
  for (let after = ""; ;) {
    signal?.throwIfAborted();
    const { names, upTo, owns } = await side.survey({ path, after });
    for (const name of names) yield { ...name, owns };
    if (upTo === "") return;
    after = upTo;
  }
}

/** Brings together what two sides have under the same name; both have to be in order. */
export async function* pairsOf(here: Names, there: Names): AsyncGenerator<Pair> {
  const [a, b] = [iterate(here), iterate(there)];
  let [x, y] = await Promise.all([next(a), next(b)]);
  while (x !== undefined || y !== undefined) {
    const isHere = x !== undefined && (y === undefined || x.name <= y.name);
    const isThere = y !== undefined && (x === undefined || y.name <= x.name);
    const name = (isHere ? x : y)?.name ?? "";
    const owns = y?.owns ?? true;
    yield { name, here: isHere ? x?.state : undefined, there: isThere ? y?.state : undefined, owns };
    [x, y] = await Promise.all([isHere ? next(a) : x, isThere ? next(b) : y]);
  }
}

/** The path of names, with slashes. */
export function joinPath(path: readonly Buffer[]): Buffer {
  return Buffer.from(path.map((name) => name.toString("latin1")).join("/"), "latin1");
}

async function* iterate(names: Names): AsyncGenerator<SidedName> {
  yield* names;
}

async function next(names: AsyncGenerator<SidedName>): Promise<SidedName | undefined> {
  const result = await names.next();
  return result.done === true ? undefined : result.value;
}
