import type { FileId } from "../ids/file-id.ts";

/** Name of an object in `held/`, and in `stage/`. */
export const heldNameOf = (id: FileId): Buffer => Buffer.from(id.toString("hex"));
