import { fileLabel, labels } from "../engine/labels.ts";
import type { Parts } from "./parts.ts";
import { readParts } from "./rebuild-key.ts";

/** One thing that is not as it was when the image was built. */
export interface Difference {
  readonly part: string;
  readonly change: "changed" | "added" | "removed";
  /** Digest in the image's label; undefined for what was added. */
  readonly was: string | undefined;
  /** Digest now; undefined for what was removed. */
  readonly is: string | undefined;
}

/** What an image's labels say about a build that was asked for. */
export interface Verdict {
  readonly current: boolean;
  /** `key`: all parts were compared. `checksum`: the image has the Python tool's labels only, so only those were. `none`: no labels. `absent`: no image. */
  readonly by: "key" | "checksum" | "none" | "absent";
  readonly differences: readonly Difference[];
}

/** What is asked for, in the words of both kinds of labels. */
export interface Wanted {
  /** SHA-1 of the preprocessed Dockerfile. */
  readonly checksum: string;
  /** Extra files: name, SHA-1. */
  readonly files: readonly (readonly [string, string])[];
  /** Parts to compare with those in the image. */
  readonly parts: Parts;
  /** `all`: parts that came or went count. `shared`: only those that both have, as the Python tool's command line means it. */
  readonly scope: "all" | "shared";
}

/**
 * Compares what an image was built from with what it would be built from now.
 *
 * What was not recorded is not held against the image: an image of the Python tool has no rebuild key, and one built with its command
 * line has a key over the included executable only.
 */
export function compare(image: ReadonlyMap<string, string>, wanted: Wanted): Verdict {
  const was = image.get(labels.dockerfile);
  if (was === undefined || was === "") return { current: false, by: "none", differences: [] };
  const recorded = readParts(image.get(labels.parts));
  const differences = [
    ...(was === wanted.checksum ? [] : [changed("dockerfile", was, wanted.checksum)]),
    ...(recorded === undefined ? fileDifferences(image, wanted) : partDifferences(recorded, wanted)),
  ];
  return { current: differences.length === 0, by: recorded === undefined ? "checksum" : "key", differences };
}

function changed(part: string, was: string, is: string): Difference {
  return { part, change: "changed", was, is };
}

function fileDifferences(image: ReadonlyMap<string, string>, wanted: Wanted): Difference[] {
  return wanted.files.flatMap(([name, is]) => {
    const was = image.get(fileLabel(name));
    return was === undefined || was === is ? [] : [changed(`file:${name}`, was, is)];
  });
}

// Complete records name the Dockerfile too. Its digest is not looked at: the checksum both tools write says the same.
function partDifferences(recorded: Parts, wanted: Wanted): Difference[] {
  const shared = wanted.scope === "shared" || !recorded.has("dockerfile");
  const names = new Set([...recorded.keys(), ...wanted.parts.keys()]);
  return [...names].sort().flatMap((part) => {
    const was = recorded.get(part);
    const is = wanted.parts.get(part);
    if (part === "dockerfile" || was === is) return [];
    if (shared && (was === undefined || is === undefined)) return [];
    const change = was === undefined ? "added" : is === undefined ? "removed" : "changed";
    return [{ part, change, was, is } as const];
  });
}
