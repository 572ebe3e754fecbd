import type { FileId } from "../ids/file-id.ts";

/** Name of an object in `held/`, and in `stage/`. */
export const heldNameOf = (id: FileId): Buffer => Buffer.from(id.toString("hex"));

const gone = "gone-";

/** Name of a directory in `held/` from when on it is removed, whole or not. @param count  of those that have the name already, one way or another */
export const goneNameOf = (heldName: Buffer, count: number): Buffer =>
  Buffer.concat([Buffer.from(gone), heldName, Buffer.from(`-${count}`)]);

/** Which object a directory was that is being removed; empty: none that is known. Undefined: it is not being removed. */
export function idOfGone(name: Buffer): FileId | undefined {
  const text = name.toString("latin1");
  return text.startsWith(gone) ? Buffer.from(text.slice(gone.length), "hex") : undefined;
}
