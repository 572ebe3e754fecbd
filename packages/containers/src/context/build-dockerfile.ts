import { addUserInstruction } from "../cross/user.ts";
import type { CurrentUser } from "../cross/user.ts";
import { fileLabel, labels } from "../engine/labels.ts";

/** What is added to a Dockerfile before the engine gets it. */
export interface Additions {
  readonly user: CurrentUser | undefined;
  /** SHA-1 of the preprocessed Dockerfile. */
  readonly checksum: string;
  /** Extra files in order: name as given, SHA-1. */
  readonly files: readonly (readonly [string, string])[];
  /** The rebuild key and its parts, where they are recorded. */
  readonly key: { readonly key: string; readonly parts: string } | undefined;
}

/**
 * The text the engine builds from: the Dockerfile, the user, the labels. Without a rebuild key it is, byte for byte, what the Python tool
 * writes, so that the layers cached from one are good for the other.
 */
export function buildDockerfile(dockerfile: string, additions: Additions): string {
  const { user, checksum, files, key } = additions;
  const lines = [
    ...(user === undefined ? [] : [addUserInstruction(user)]),
    `LABEL ${labels.dockerfile}=${checksum}`,
    ...files.map(([name, sum]) => `LABEL ${labelKey(fileLabel(name))}=${sum}`),
    ...(key === undefined ? [] : [`LABEL ${labels.key}=${key.key} ${labels.parts}=${key.parts}`]),
  ];
  return `${dockerfile}\n${lines.join("\n")}\n`;
}

// A blank in a name would end the label's key in the middle; quotes keep it together and change nothing of the label.
function labelKey(name: string): string {
  return /[\s"'\\$=]/.test(name) ? `"${name.replace(/["\\$]/g, "\\$&")}"` : name;
}
