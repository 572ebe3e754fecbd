import type { FileId } from "../ids/file-id.ts";

/** Name of an object in `held/`, and in `stage/`. */
export const heldNameOf = (id: FileId): Buffer => Buffer.from(id.toString("hex"));

const gone = "gone-";

/** Name of a directory in `held/` from when on it is removed, whole or not. */
export const goneNameOf = (heldName: Buffer): Buffer => Buffer.concat([Buffer.from(gone), heldName]);

/** Which object a directory that is being removed was; empty: none. Undefined: it is not being removed. */
export function idOfGone(name: Buffer): FileId | undefined {
  const text = name.toString("latin1");
  return text.startsWith(gone) ? Buffer.from(text.slice(gone.length), "hex") : undefined;
}
