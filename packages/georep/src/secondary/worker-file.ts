import { close, O_RDONLY, open } from "@belay/linux";
import { BelayError } from "@belay/supervise";

import { fileIdAt, type FileId } from "../ids/file-id.ts";

/** A file that the worker has open. */
export interface WorkerFile {
  /** Its descriptor there. */
  readonly fd: number;
  readonly id: FileId;
}

/**
 * Opens, for reading, what the worker has open.
 *
 * @param worker  process id; only ever that of the process that started this one, and told so by its command line: whoever speaks from
 * elsewhere has no say in what is opened here
 * @throws errno errors of open(2) where /proc does not let us, `EBADMSG` when the descriptor is another file
 */
export function openFileOfWorker(worker: number, { fd, id }: WorkerFile): number {
  const file = open(`/proc/${worker}/fd/${fd}`, O_RDONLY);
  if (fileIdAt(file, "").equals(id)) return file;
  close(file);
  throw new BelayError("EBADMSG", "the worker's descriptor is another file");
}
