import { close, F_SEAL_SHRINK, getSeals, lookAtFile, looked, mmap, O_RDONLY, open, type Mapping } from "@belay/linux";
import { BelayError } from "@belay/supervise";

import { fileIdAt } from "../ids/file-id.ts";
import type { SharedMemory } from "../rpc/share-messages.ts";

/**
 * Maps memory of the worker, read-only. It may change at any time: only the kernel is ever given its address, nothing here looks at what is in it.
 *
 * @param worker  process id; only ever that of the process that started this one, see `copyPart`
 * @throws errno errors of open(2) where /proc does not let us, `EBADMSG` when the descriptor is another file, or one that may get shorter
 */
export function mapWorkerMemory(worker: number, { fd, id, size }: SharedMemory): Mapping {
  const file = open(`/proc/${worker}/fd/${fd}`, O_RDONLY);
  try {
    if (!fileIdAt(file, "").equals(id)) throw new BelayError("EBADMSG", "the worker's descriptor is another file");
    if ((getSeals(file) & F_SEAL_SHRINK) === 0 || lookAtFile(file) < 0 || looked.size < size)
      throw new BelayError("EBADMSG", "the worker's memory may end too early");
    return mmap({ fd: file, length: size });
  } finally {
    close(file);
  }
}
